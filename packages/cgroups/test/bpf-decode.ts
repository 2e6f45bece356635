import type { BpfInstruction } from '../src/devices/bpf.js'

/** The inverse of encodeBpf. */
export function decodeBpf(bytes: Uint8Array): BpfInstruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 8 }, (_, i) => {
    const registers = view.getUint8(i * 8 + 1)
    return {
      opcode: view.getUint8(i * 8),
      destination: registers & 0xf,
      source: registers >> 4,
      offset: view.getInt16(i * 8 + 2, true),
      immediate: view.getInt32(i * 8 + 4, true),
    }
  })
}
