// requires apps/cli/dist: sh tooling/bootstrap.sh cli
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { CLI } from './rt.js'

/** What a pipe holds; pipe(7). */
const PIPE = 65_536

it('all of a long text comes through a pipe that is full and does not block', async () => {
  const words = [process.execPath, '--', CLI, 'explain', '--json', 'run', '--', 'true']
  const whole = execFileSync(words[0] as string, words.slice(1), { encoding: 'utf8', maxBuffer: 1 << 24 })
  expect(whole.length).toBeGreaterThan(2 * PIPE)
  // sh gives the program a real pipe, and perl sets it non-blocking; the reader begins when it is told to.
  const script = `perl -e 'use Fcntl; fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK); exec @ARGV' "$@" | { read -r _ <&3; cat; }`
  const child = spawn('sh', ['-c', script, 'sh', ...words], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await isFull(child.pid as number)
  const go = child.stdio[3] as NodeJS.WritableStream
  go.end('go\n')
  await ended
  expect(text).toBe(whole)
})

/** A process below this one has written as much as a pipe holds. */
async function isFull(pid: number): Promise<void> {
  const descendants = (parent: number): number[] =>
    readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .flatMap((child) => [Number(child), ...descendants(Number(child))])
  const written = (each: number): number => Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${each}/io`, 'utf8'))?.[1])
  while (!descendants(pid).some((each) => written(each) >= PIPE))
    await new Promise((resolve) => setTimeout(resolve, 10))
}
