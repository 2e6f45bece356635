import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isUtf8, mkdirat, quote, rmdirat, syscall, textBytes, textFromBytes } from '@rt/sys'
import { describe, expect, it } from 'vitest'

const AT_FDCWD = -100

describe('text in which bytes are escaped', () => {
  it('gives back every sequence of bytes', () => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const samples = [everyByte, ...Array.from({ length: 500 }, (_, length) => randomBytes(length % 40))]
    for (const bytes of samples) expect([...textBytes(textFromBytes(bytes))]).toEqual([...bytes])
  })

  it('is plain text where the bytes are UTF-8, whatever the characters', () => {
    for (const text of ['', 'plain', 'é€😀', '\ufeffBOM', '\ufffd', '\0']) {
      expect(textFromBytes(Buffer.from(text))).toBe(text)
      expect(isUtf8(text)).toBe(true)
    }
  })

  it('keeps ASCII apart: no escaped byte can be taken for a slash, a colon or a NUL', () => {
    const text = textFromBytes(Buffer.from([0x2f, 0xe9, 0x3a, 0xc0, 0xaf, 0xc0, 0x80, 0x2f]))
    expect(text).toBe('/\udce9:\udcc0\udcaf\udcc0\udc80/')
    expect(isUtf8(text)).toBe(false)
  })

  it('has no bytes for half a surrogate pair that stands for none', () => {
    for (const text of ['\ud83d', 'a\udc7f', '\udd00b', '\udce9\ud800']) {
      expect(() => textBytes(text)).toThrow(expect.objectContaining({ code: 'RT_INVALID_OPTION' }))
      expect(quote(text)).toMatch(/^"/)
    }
  })

  it('is shown with C’s escapes', () => {
    expect(quote(textFromBytes(Buffer.from([0x61, 0xe9, 0x31])))).toBe('"a\\3511"')
  })

  it('reaches the kernel as the bytes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rt-bytes-'))
    try {
      mkdirat(AT_FDCWD, `${folder}/a\udce9`, 0o700)
      syscall('mkdirat', AT_FDCWD, `${folder}/b\udcff`, 0o700)
      const names = readdirSync(folder, { encoding: 'buffer' }).map((name) => name.toString('latin1'))
      expect(names.sort()).toEqual(['a\xe9', 'b\xff'])
      rmdirat(AT_FDCWD, `${folder}/a\udce9`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
