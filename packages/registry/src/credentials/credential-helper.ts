import { spawn } from 'node:child_process'
import { escaped, RtError } from '@rt/sys'
import type { Credentials } from './credentials.js'

/** A helper may ask its user to unlock something; then it has to be done. */
const TIME_LIMIT = 60_000
const MAX_OUTPUT = 1024 * 1024

/** What helpers say on stdout when they have nothing (docker-credential-helpers, `credentials.ErrCredentialsNotFound`). */
const NOT_FOUND = 'credentials not found in native keychain'
/** And of a server that is known by its name alone. */
const NOTHING = [NOT_FOUND, 'no credentials server URL', 'no credentials username']

/** A helper's answer: credentials, that there are none, or that it is not installed. */
export type HelperAnswer = Credentials | 'nothing' | 'not-installed'

/**
 * Asks `docker-credential-NAME get` (docker-credential-helpers, "Development"): the server goes to its stdin, JSON comes
 * from its stdout.
 *
 * @param name checked already, no path in it
 * @param server `localhost:5000`; for Docker Hub `https://index.docker.io/v1/`
 * @throws RtError RT_HOOK when it fails otherwise, in its own words; RT_TIMEOUT after a minute
 */
export async function askHelper(name: string, server: string, environment: NodeJS.ProcessEnv): Promise<HelperAnswer> {
  const program = `docker-credential-${name}`
  const ended = await run(program, 'get', server, environment)
  if (ended === 'not-installed') return ended
  if (ended.code === 0) return readAnswer(ended.stdout, program)
  if (foundNothing(ended)) return 'nothing'
  throw helperFailed(`${program} get`, server, ended)
}

/**
 * Tells a helper something: `store` credentials as JSON, or `erase` a server's.
 *
 * @returns whether it did so; false: it has nothing of the kind, or isn't installed
 * @throws RtError RT_HOOK, RT_TIMEOUT as {@link askHelper}
 */
export async function tellHelper(
  name: string,
  verb: 'store' | 'erase',
  server: string,
  input: string,
  environment: NodeJS.ProcessEnv,
): Promise<'done' | 'nothing' | 'not-installed'> {
  const program = `docker-credential-${name}`
  const ended = await run(program, verb, input, environment)
  if (ended === 'not-installed') return ended
  if (ended.code === 0) return 'done'
  if (foundNothing(ended)) return 'nothing'
  throw helperFailed(`${program} ${verb}`, server, ended)
}

const foundNothing = (ended: Ended): boolean => NOTHING.some((words) => wordsOf(ended).includes(words))

/** It speaks on stdout by the protocol, and of what it can't start with on stderr. */
const wordsOf = ({ stdout, stderr }: Ended): string => stdout.trim() || stderr.trim()

const helperFailed = (command: string, server: string, ended: Ended): RtError =>
  new RtError(
    'RT_HOOK',
    `${command} failed for ${server}: ${escaped(wordsOf(ended).slice(0, 500)) || `exit code ${ended.code}`}`,
  )

function readAnswer(stdout: string, program: string): HelperAnswer {
  let answer: { Username?: unknown; Secret?: unknown } | null
  try {
    answer = JSON.parse(stdout)
  } catch {
    // Its output is a secret, or near one: it is not shown, and neither is the parser's message, which quotes it.
    throw new RtError('RT_HOOK', `${program} get printed no JSON`)
  }
  const { Username: username, Secret: secret } = answer ?? {}
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw new RtError('RT_HOOK', `${program} get printed no Username and Secret`)
  }
  if (secret === '') return 'nothing'
  // The protocol's mark for an identity token.
  return username === '<token>'
    ? { kind: 'refresh-token', token: secret }
    : { kind: 'password', username, password: secret }
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(
  program: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  environment: NodeJS.ProcessEnv,
): Promise<Ended | 'not-installed'> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], { env: environment, stdio: 'pipe', windowsHide: true })
    const output = { stdout: '', stderr: '' }
    const fail = (error: RtError): void => {
      child.kill('SIGKILL')
      reject(error)
    }
    const timer = setTimeout(
      () => fail(new RtError('RT_TIMEOUT', `${program} ${verb} had not ended after ${TIME_LIMIT / 1000} s`)),
      TIME_LIMIT,
    )
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
        if (output[name].length > MAX_OUTPUT) fail(new RtError('RT_HOOK', `${program} ${verb} prints without end`))
      })
    }
    child.on('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      if (cause.code === 'ENOENT') resolve('not-installed')
      else reject(new RtError('RT_HOOK', `cannot run ${program}: ${cause.message}`, { cause }))
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, ...output })
    })
    // A helper that doesn't read what it is asked ends with an answer all the same, and that is what counts.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') reject(error)
    })
    child.stdin.end(`${input}\n`)
  })
}
