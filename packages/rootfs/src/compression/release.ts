/** ES2024; Node 20 doesn't have it. */
interface TransferableBuffer {
  transfer?(length: number): ArrayBuffer
}

/**
 * Frees a piece's memory at once, if it ends its buffer: a decoder has gone on to another then. Left to the garbage
 * collector, up to 70 MB of them would be waiting (Node 24).
 */
export function release({ buffer, byteOffset, byteLength }: Uint8Array): void {
  if (byteOffset + byteLength === buffer.byteLength) (buffer as TransferableBuffer).transfer?.(0)
}
