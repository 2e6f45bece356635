import { bytes, integer, object, oneOf } from '../native/arguments.js'
import { syscall } from '../native/syscall.js'
import { decodeStruct, encodeStruct, structLayout } from '../structs.js'
import { TCGETS, TCSETS, TCSETSF, TCSETSW } from '../uapi/ioctls.js'
import {
  BRKINT,
  CS8,
  CSIZE,
  ECHO,
  ECHONL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNBRK,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IXON,
  OPOST,
  PARENB,
  PARMRK,
  VMIN,
  VTIME,
} from '../uapi/termbits.js'

/** A terminal's settings, the kernel's struct termios: to be kept, and given back by {@link setTerminalAttributes}. */
export interface TerminalAttributes {
  readonly input: number
  readonly output: number
  readonly control: number
  readonly local: number
  readonly lineDiscipline: number
  /** Control characters, by VMIN, VTIME, … */
  readonly characters: Uint8Array
}

/** `ioctl(fd, TCGETS, &termios)`. termios(3). @throws SyscallError ENOTTY if it is no terminal */
export function getTerminalAttributes(fd: number): TerminalAttributes {
  const memory = Buffer.alloc(structLayout('termios').size)
  syscall('ioctl', fd, TCGETS, memory)
  const fields = decodeStruct('termios', memory)
  return {
    input: fields.c_iflag as number,
    output: fields.c_oflag as number,
    control: fields.c_cflag as number,
    local: fields.c_lflag as number,
    lineDiscipline: fields.c_line as number,
    characters: Uint8Array.from(fields.c_cc as Uint8Array),
  }
}

const WHEN = { now: TCSETS, drain: TCSETSW, flush: TCSETSF } as const

/**
 * `ioctl(fd, TCSETS, &termios)`. From a background process it stops the caller by SIGTTOU. termios(3).
 *
 * @param when `now`, `drain`: after output is written, `flush`: that, and input not yet read is dropped
 * @throws SyscallError ENOTTY if it is no terminal; EIO if it was hung up
 */
export function setTerminalAttributes(
  fd: number,
  attributes: TerminalAttributes,
  when: keyof typeof WHEN = 'drain',
): void {
  object(attributes, 'attributes')
  const memory = encodeStruct('termios', {
    c_iflag: integer(attributes.input, 'attributes.input'),
    c_oflag: integer(attributes.output, 'attributes.output'),
    c_cflag: integer(attributes.control, 'attributes.control'),
    c_lflag: integer(attributes.local, 'attributes.local'),
    c_line: integer(attributes.lineDiscipline, 'attributes.lineDiscipline'),
  })
  memory.set(bytes(attributes.characters, 'attributes.characters'), structLayout('termios').fields.c_cc?.offset)
  syscall('ioctl', fd, oneOf(WHEN, when, 'when'), memory)
}

/** The same settings in raw mode, as cfmakeraw(3): bytes pass as they come, keys raise no signals, nothing is echoed. */
export function rawAttributes(attributes: TerminalAttributes): TerminalAttributes {
  const characters = Uint8Array.from(attributes.characters)
  // read(2) waits for one byte at least, for as long as it takes.
  characters[VMIN] = 1
  characters[VTIME] = 0
  return {
    input: attributes.input & ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON),
    output: attributes.output & ~OPOST,
    control: (attributes.control & ~(CSIZE | PARENB)) | CS8,
    local: attributes.local & ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN),
    lineDiscipline: attributes.lineDiscipline,
    characters,
  }
}
