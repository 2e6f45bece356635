/** What the kernel hands to a filter: `struct seccomp_data`. */
export interface SeccompData {
  readonly arch: number
  readonly number: number
  readonly args: readonly bigint[]
}

export interface Run {
  readonly value: number
  /** Instructions executed. */
  readonly steps: number
}

/** The longest program that the kernel takes. */
const MOST = 4096

/**
 * Runs a seccomp filter on one call. Opcodes are numbers from the kernel's filter.rst, not composed from the constants
 * that the compiler uses. Like the kernel it refuses a program that is too long, jumps out of itself, loads what isn't an
 * aligned word of seccomp_data, or has an instruction that seccomp doesn't know.
 */
export function interpret(program: Uint8Array, { arch, number, args }: SeccompData): Run {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength)
  const length = program.length / 8
  if (!Number.isInteger(length) || length === 0 || length > MOST) throw new Error(`${program.length} bytes`)
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, number, true)
  data.setUint32(4, arch, true)
  args.forEach((value, i) => {
    data.setBigUint64(16 + 8 * i, BigInt.asUintN(64, value), true)
  })
  let a = 0
  let x = 0
  const memory = new Uint32Array(16)
  for (let at = 0, steps = 1; ; at++, steps++) {
    if (at >= length) throw new Error(`the program runs over its end at ${at}`)
    const code = view.getUint16(at * 8, true)
    const jt = view.getUint8(at * 8 + 2)
    const jf = view.getUint8(at * 8 + 3)
    const k = view.getUint32(at * 8 + 4, true)
    switch (code) {
      case 0x20:
        if (k % 4 !== 0 || k > 60) throw new Error(`load of ${k} at ${at}`)
        a = data.getUint32(k, true)
        break
      case 0x54:
        a = (a & k) >>> 0
        break
      case 0x5c:
        a = (a & x) >>> 0
        break
      case 0x07:
        x = a
        break
      case 0x87:
        a = x
        break
      case 0x02:
        memory[k] = a
        break
      case 0x60:
        a = memory[k] as number
        break
      case 0x05:
        at += k
        break
      case 0x15:
        at += a === k ? jt : jf
        break
      case 0x25:
        at += a > k ? jt : jf
        break
      case 0x35:
        at += a >= k ? jt : jf
        break
      case 0x45:
        at += (a & k) !== 0 ? jt : jf
        break
      case 0x06:
        return { value: k, steps }
      default:
        throw new Error(`opcode 0x${code.toString(16)} at ${at}`)
    }
  }
}
