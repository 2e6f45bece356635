import { readFileSync, readlinkSync } from 'node:fs'
import { exec } from '@rt/chroot'
import { type MountInfo, parseMountinfo } from '@rt/mountns'
import { type Exit, explain, type Plan, run, type StepList, sequence } from '@rt/program'
import { RtError } from '@rt/sys'

/** What was seen of a container from outside, while it waited. */
export interface Observation {
  readonly host: { readonly before: MountInfo[]; readonly during: MountInfo[]; readonly after: MountInfo[] }
  /** The container's own table of mounts. */
  readonly inside: MountInfo[]
  /** The container has mounted something. */
  readonly mounts: boolean
  /** What the script printed. */
  readonly output: string
  readonly exit: Exit
  /** Kinds of namespaces that are not the host's: `mnt`, `pid`. */
  readonly ownNamespaces: readonly string[]
  /** Init's cgroups, as /proc shows them to the host. */
  readonly cgroups: string
}

const KINDS = ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'user'] as const

const mountsOf = (process: number | 'self'): MountInfo[] => parseMountinfo(readFileSync(`/proc/${process}/mountinfo`))

/** The environment of rt: these containers are a program of one's own, in other namespaces. */
const environment = (): string[] => Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`)

/** The steps, with a command at the end. */
export const planOf = (steps: StepList, argv: readonly string[]): Plan =>
  sequence(steps, exec(argv, { env: environment(), descriptorsClosed: closesDescriptors(steps) }))

const READY = 'rt-lab: look now'

/** Run a script in a container, and look at both sides before it ends. */
export async function observe(steps: StepList, script: string): Promise<Observation> {
  const before = mountsOf('self')
  const plan = planOf(steps, ['/bin/sh', '-c', `${script}\necho '${READY}'; read -r _`])
  const container = await run(plan, { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const output = await untilReady(container.stdout)
    const { pid } = container
    const seen = {
      inside: mountsOf(pid),
      during: mountsOf('self'),
      ownNamespaces: KINDS.filter(
        (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`),
      ),
      cgroups: readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
    }
    container.stdin?.end()
    const exit = await container.exited
    const { during, ...rest } = seen
    return { host: { before, during, after: mountsOf('self') }, mounts: mountsSomething(plan), output, exit, ...rest }
  } finally {
    container.kill()
    await container.exited
  }
}

const mountsSomething = (plan: Plan): boolean =>
  explain(plan).some(
    ({ process, calls }) =>
      process === 'init' && calls.some(({ call }) => /^(mount|move_mount|pivot_root)\(/.test(call)),
  )

/** All that is printed before the container says that it waits. */
function untilReady(stdout: NodeJS.ReadableStream | null): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    stdout?.setEncoding('utf8')
    stdout?.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf(`${READY}\n`)
      if (end >= 0) resolve(text.slice(0, end))
    })
    stdout?.on('close', () => {
      reject(
        new RtError('RT_BROKEN_PROCESS', 'the experiment ended before it could be looked at', {
          hint: text.slice(-200) || undefined,
        }),
      )
    })
  })
}

/** A shell for whoever sits at the terminal; Ctrl-C is the shell's. */
export async function shell(steps: StepList, file: string): Promise<void> {
  const ignore = (): void => {}
  process.on('SIGINT', ignore)
  try {
    const container = await run(planOf(steps, [file]), { stdio: 'inherit' })
    await container.exited
  } finally {
    process.off('SIGINT', ignore)
  }
}

/** The steps of `rt run` do, and load a filter after it. */
const closesDescriptors = (steps: StepList): boolean =>
  sequence(steps).steps.some(({ name }) => name === 'close descriptors')
