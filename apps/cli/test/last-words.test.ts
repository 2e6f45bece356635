// requires nothing: the container's terminal is a stream here
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { connectTerminal } from '../src/attach/terminal.js'

/** How long a terminal that outlives its program is listened to. */
const LAST_WORDS_MS = 1_000

let printed = ''
beforeEach(() => {
  printed = ''
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += chunk
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** rt's stdout beside a container's terminal whose program has ended. */
function ended() {
  const stream = new PassThrough()
  const connection = connectTerminal({ stream, resize: () => undefined } as never, false)
  let isOver = false
  const end = connection.end().then(() => {
    isOver = true
  })
  return { stream, end, isOver: () => isOver }
}
const turns = () => new Promise((resolve) => setImmediate(resolve))

it('what a process left behind still says within a second is passed on; then rt ends though it holds the terminal', async () => {
  const { stream, end, isOver } = ended()
  await vi.advanceTimersByTimeAsync(LAST_WORDS_MS - 1)
  stream.write('late words')
  await turns()
  expect({ isOver: isOver(), printed }).toEqual({ isOver: false, printed: 'late words' })
  await vi.advanceTimersByTimeAsync(1)
  await end
  expect(stream.destroyed).toBe(true)
})

it('nobody waits when the terminal has no other side any more, and no timer keeps rt alive', async () => {
  const { stream, end } = ended()
  stream.end('last words')
  await end
  expect(printed).toBe('last words')
  expect(vi.getTimerCount()).toBe(0)
  expect(process.listenerCount('SIGWINCH')).toBe(0)
})
