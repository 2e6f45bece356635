// requires gcc for the numbers, Linux for the texts
import { ERRNO, type ErrnoName, errnoName, errnoNumber, errnoText, formatErrno } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { nativeLibrary } from '../src/native/library.js'
import { COMPILERS, falseAssertions, hasCompiler, macrosOf } from './c-compiler.js'

const names = Object.keys(ERRNO) as ErrnoName[]

describe('errno', () => {
  it.for(Object.entries(COMPILERS))('numbers are those of the headers of %s', ([, compiler], context) => {
    if (!hasCompiler(compiler)) context.skip(`needs ${compiler}`)
    const assertions = names.map((name) => ({ expression: `${name} == ${ERRNO[name]}` }))
    expect(falseAssertions(compiler, ['asm/errno.h'], assertions)).toEqual([])
  })

  it('is complete', (context) => {
    if (!hasCompiler(COMPILERS.x64)) context.skip('needs gcc')
    const aliases = ['EWOULDBLOCK', 'EDEADLOCK']
    const macros = macrosOf('gcc', ['asm/errno.h']).filter((macro) => /^E[A-Z0-9]+$/.test(macro))
    expect(macros.filter((macro) => !(macro in ERRNO) && !aliases.includes(macro))).toEqual([])
  })

  it("has libc's texts", (context) => {
    if (process.platform !== 'linux') context.skip('needs Linux')
    const strerror = nativeLibrary().libc.func('const char *strerror(int)')
    for (const name of names) expect(errnoText(name), name).toBe(strerror(ERRNO[name]))
  })

  it('is looked up by number of either sign, and by name', () => {
    expect(errnoName(-2)).toBe('ENOENT')
    expect(errnoName(2n)).toBe('ENOENT')
    expect(errnoName(12345)).toBeUndefined()
    expect(errnoNumber('EACCES')).toBe(13)
    expect(errnoNumber('toString')).toBeUndefined()
    expect(errnoText(-13)).toBe('Permission denied')
    expect(errnoText(12345)).toBe('Unknown error 12345')
    expect(formatErrno(20)).toBe('ENOTDIR (Not a directory)')
    expect(formatErrno(-12345)).toBe('errno 12345')
  })
})
