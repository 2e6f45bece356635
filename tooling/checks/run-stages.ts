import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Stage, stages } from './stages.js'

// vitest's reporter leaves the last line here, so that nothing (the next stage, npm) is printed after it.
const folder = mkdtempSync(join(tmpdir(), 'rt-npm-test-'))
const lastLineFile = join(folder, 'last-line')
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  RT_LAST_LINE_FILE: lastLineFile,
  // A leak is a failure here; in `npx vitest run` beside other work it is only a warning (tooling/vitest/leak-check.ts).
  RT_LEAK_CHECK: process.env.RT_LEAK_CHECK ?? 'fail',
  TURBO_TELEMETRY_DISABLED: '1',
  // turbo and tsup draw boxes and colours for a terminal; what they print is read in a log.
  ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
}

function runStage(stage: Stage): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const [file, ...rest] = stage.command
    const child = spawn(file, rest, {
      env: environment,
      stdio: stage.live ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', (error) => resolve({ ok: false, output: `${error.message}\n` }))
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString() }))
  })
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`

function readLastLine(): string | undefined {
  try {
    return readFileSync(lastLineFile, 'utf8').trim()
  } catch {
    return undefined // vitest didn't get as far as counting tests
  }
}

async function main(): Promise<void> {
  const start = performance.now()
  for (const stage of stages(process.argv.slice(2))) {
    const reason = stage.skip?.()
    if (reason) {
      console.log(`skip  ${stage.name.padEnd(18)} ${reason}`)
      continue
    }
    const stageStart = performance.now()
    const { ok, output } = await runStage(stage)
    if (!ok) {
      process.stdout.write(output)
      console.log(`FAIL  ${stage.name.padEnd(18)} ${seconds(stageStart)}`)
      console.log(`      to repair or repeat it: ${stage.fix}`)
      console.log(readLastLine() ?? '0 passed, 1 failed, 0 skipped')
      process.exitCode = 1
      return
    }
    console.log(`ok    ${stage.name.padEnd(18)} ${seconds(stageStart)}`)
  }
  console.log(`ok    ${'everything'.padEnd(18)} ${seconds(start)}`)
  const lastLine = readLastLine()
  // vitest went well, so the line must be there; without it the count would be a guess.
  if (lastLine === undefined) process.exitCode = 1
  console.log(lastLine ?? '0 passed, 1 failed, 0 skipped')
}

await main()
