import { RtError } from '@rt/sys'
import { type BpfInstruction, INSTRUCTION_SIZE } from './encode.js'

/** The inverse of `encode`. @throws RtError RT_INVALID_OPTION if the bytes are not a number of instructions */
export function decode(bytes: Uint8Array): BpfInstruction[] {
  if (bytes.length % INSTRUCTION_SIZE !== 0) {
    throw new RtError(
      'RT_INVALID_OPTION',
      `${bytes.length} bytes are no BPF program: an instruction has ${INSTRUCTION_SIZE}`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / INSTRUCTION_SIZE }, (_, i) => {
    const at = i * INSTRUCTION_SIZE
    return {
      code: view.getUint16(at, true),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    }
  })
}
