// requires Linux
import { fstatSync, readdirSync, readFileSync } from 'node:fs'
import {
  close,
  memfdCreate,
  RtError,
  receiveFds,
  SCM_MAX_FD,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  sendFds,
  socketpair,
  syscall,
} from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let one = -1
let other = -1

beforeEach((context) => {
  if (process.platform !== 'linux') context.skip('needs Linux')
  ;[one, other] = socketpair(SOCK_SEQPACKET)
})
afterEach(() => {
  for (const fd of [one, other]) if (fd >= 0) close(fd)
})

const openFds = () => readdirSync('/proc/self/fd').length

describe('socketpair', () => {
  it('is close-on-exec, and nonblocking if asked', () => {
    const [a, b] = socketpair(SOCK_SEQPACKET | SOCK_NONBLOCK)
    for (const fd of [a, b]) {
      expect(syscall('fcntl', fd, 1)).toBe(1)
      expect(syscall('fcntl', fd, 3) & 0o4000).toBe(0o4000)
      close(fd)
    }
  })
})

describe('sendFds and receiveFds', () => {
  it('hand over files with bytes', () => {
    const file = memfdCreate('rt-sent')
    syscall('write', file, 'text', 4)
    expect(sendFds(one, Buffer.from('hello'), [file, 0])).toBe(5)
    const received = receiveFds(other)
    expect(received?.data.toString()).toBe('hello')
    expect(received?.fds).toHaveLength(2)
    const [copy = -1, stdin = -1] = received?.fds ?? []
    expect(copy).not.toBe(file)
    expect(fstatSync(copy).ino).toBe(fstatSync(file).ino)
    expect(readFileSync(`/proc/self/fd/${copy}`, 'utf8')).toBe('text')
    expect(syscall('fcntl', copy, 1)).toBe(1)
    for (const fd of [file, copy, stdin]) close(fd)
  })

  it('hand over bytes alone', () => {
    expect(sendFds(one, Buffer.from('x'), [])).toBe(1)
    expect(receiveFds(other)).toEqual({ data: Buffer.from('x'), fds: [] })
  })

  it('do not wait: nothing yet, full', () => {
    expect(receiveFds(other)).toBeUndefined()
    let sent = 0
    while (sendFds(one, Buffer.alloc(1000), [])) sent++
    expect(sent).toBeGreaterThan(1)
    expect(receiveFds(other)?.data).toHaveLength(1000)
  })

  it('tell how much of a stream was sent', () => {
    const [from, to] = socketpair()
    const sent = sendFds(from, Buffer.alloc(10_000_000), [0])
    expect(sent).toBeGreaterThan(0)
    expect(sent).toBeLessThan(10_000_000)
    const received = receiveFds(to, 100)
    expect(received?.data).toHaveLength(100)
    for (const fd of [from, to, ...(received?.fds ?? [])]) close(fd)
  })

  it('tell when the other end is closed', () => {
    close(one)
    one = -1
    expect(receiveFds(other)).toEqual({ data: Buffer.alloc(0), fds: [] })
    expect(() => sendFds(other, Buffer.from('x'), [])).toThrow('EPIPE')
    expect(() => receiveFds(1_000_000)).toThrow('EBADF')
  })

  it('take as many fds as the kernel does', () => {
    const before = openFds()
    expect(sendFds(one, Buffer.from('x'), Array(SCM_MAX_FD).fill(0))).toBe(1)
    const received = receiveFds(other)
    expect(received?.fds).toHaveLength(SCM_MAX_FD)
    for (const fd of received?.fds ?? []) close(fd)
    expect(openFds()).toBe(before)
    expect(() => sendFds(one, Buffer.from('x'), Array(SCM_MAX_FD + 1).fill(0))).toThrow(RtError)
    expect(() => sendFds(one, Buffer.alloc(0), [0])).toThrow('expected at least one byte')
  })

  it.for([1, 2, 3])('refuse more than %i fds, and leak none', (most) => {
    const before = openFds()
    sendFds(one, Buffer.from('x'), Array(most + 1).fill(0))
    expect(() => receiveFds(other, 16, most)).toThrow(`expected at most ${most} fds in a message, got more`)
    sendFds(one, Buffer.from('x'), Array(most + 5).fill(0))
    expect(() => receiveFds(other, 16, most)).toThrow(RtError)
    expect(openFds()).toBe(before)
    sendFds(one, Buffer.from('x'), Array(most).fill(0))
    const fds = receiveFds(other, 16, most)?.fds ?? []
    expect(fds).toHaveLength(most)
    for (const fd of fds) close(fd)
  })
})
