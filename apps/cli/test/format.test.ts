// requires nothing
import { describe, expect, it } from 'vitest'
import { age, humanSize } from '../src/format/cells.js'
import { filterOf } from '../src/format/filter.js'
import { formatRows } from '../src/format/rows.js'
import { parseTemplate } from '../src/format/template.js'

describe('templates', () => {
  const data = { ID: 'abc', Names: ['a', 'b'], Config: { Env: ['A=1'], Labels: { 'x.y': 'z' }, None: null }, Size: 0 }

  // The second half is what docker 28.2.2 (context ls --format) prints.
  it.each([
    ['{{.ID}}', 'abc'],
    ['<{{.Config.Env}}>', '<[A=1]>'],
    ['{{json .Names}}', '["a","b"]'],
    ['{{join .Names ","}}', 'a,b'],
    ['{{range .Names}}{{.}};{{end}}', 'a;b;'],
    ['{{index .Config.Labels "x.y"}}', 'z'],
    ['{{range .Names}}{{$.ID}}{{end}} {{with .Config}}{{len $.Names}}{{end}} {{$.Size}} {{len $}}', 'abcabc 2 0 4'],
    ['{{with .Config}}{{.Labels}}{{end}}', 'map[x.y:z]'],
    ['{{if .Size}}some{{else if .Names}}names{{else}}none{{end}}', 'names'],
    ['{{.ID | printf "%q"}}', '"abc"'],
    ['{{.Config.None}}', '<no value>'],

    ['{{title "hello wORLD"}}|{{pad "x" 1 2}}|{{truncate "abcdef" 3}}', 'Hello WORLD| x  |abc'],
    ['{{split "a,b" ","}}|{{len "é"}}|{{truncate "abc" 10}}', '[a b]|2|abc'],
    ['{{printf "%q %-5s| %5d" "a" "b" 3}}', '"a" b    |     3'],
    ['{{json "<a>&"}}', '"<a>&"'],
    ['{{"a}}b"}}', 'a}}b'],
    ['{{`a}}b`}}', 'a}}b'],
    ['{{println "x"}}', 'x\n'],
    ['{{lt "a" "b"}} {{le 1 2}} {{ge 1 2}}', 'true true false'],
    ['{{join (split "a,b" ",") "-"}}', 'a-b'],
    ['{{with ""}}a{{else}}b{{end}}', 'b'],
    ['a  {{- "x" -}}   y', 'axy'],
    ['{{/* c */}}z', 'z'],
    ['{{slice "abcdef" 1 3}}', 'bc'],
    ['{{print 1 2 "a" "b" 3}}', '1 2ab3'],
    ['{{""|len}}', '0'],
    ['{{true}} {{1.5}}', 'true 1.5'],
  ])('%s', (template, text) => {
    expect(parseTemplate(template)(data)).toBe(text)
  })

  it.each([
    ['{{.ID', 'unclosed action'],
    ['{{"}}', 'unclosed action'],
    ['{{end}}', 'ends nothing'],
    ['{{if .ID}}', '{{end}} is missing'],
    ['{{.IDs}}', "can't evaluate field IDs"],
    ['{{.ID.x}}', "can't evaluate field x"],
    ['{{jsn .}}', 'function "jsn" is not defined'],
    ['{{upper .Names}}', 'upper: expected text'],
    ['{{index .Names 5}}', 'out of range: 5'],
    ['{{slice "abc" 2 9}}', 'out of range'],
    ['{{eq "a" 1}}', 'cannot compare'],
    ['{{lt 1 "a"}}', 'lt: expected two numbers'],
    ['{{.ID .ID}}', 'is too much'],
    ['{{}}', 'is not complete'],
  ])('refuses %s', (template, message) => {
    expect(() => parseTemplate(template)(data)).toThrow(message)
  })
})

describe('rows', () => {
  const titles = { ID: 'IMAGE ID', Size: 'SIZE' }
  const rows = [
    { ID: 'aaaaaaaaaaaa', Size: '1MB' },
    { ID: 'b', Size: '22kB' },
  ]
  const shown = (format: string) => formatRows(format, titles, rows, '{{.ID}}\t{{.Size}}')

  it('table: columns three apart, the last not filled', () => {
    const table = 'IMAGE ID       SIZE\naaaaaaaaaaaa   1MB\nb              22kB\n'
    expect(shown('table')).toBe(table)
    expect(shown('table {{.ID}}\\t{{.Size}}')).toBe(table)
    expect(shown('table {{.Size}}\t{{.ID}}')).toBe('SIZE      IMAGE ID\n1MB       aaaaaaaaaaaa\n22kB      b\n')
  })

  it('templates and JSON: a line each, no head', () => {
    expect(shown('{{.ID}}={{lower .Size}}')).toBe('aaaaaaaaaaaa=1mb\nb=22kb\n')
    expect(shown('{{json .}}')).toBe(shown('json'))
    expect(
      shown('json')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(rows)
  })

  it('a field that is not there is an error without rows, too', () => {
    expect(() => formatRows('{{.Sise}}', titles, [], '')).toThrow("can't evaluate field Sise")
  })
})

describe('cells', () => {
  it.each([
    [0, '0B'],
    [999, '999B'],
    [1234, '1.23kB'],
    [117_000_000, '117MB'],
    [72_800_000, '72.8MB'],
    [2.5e12, '2.5TB'],
  ])('%d bytes', (bytes, text) => {
    expect(humanSize(bytes)).toBe(text)
  })

  const [minute, hour, day] = [60, 3600, 86400]
  // As units.HumanDuration of docker/go-units says them.
  it.each([
    [0, 'Less than a second ago'],
    [1, '1 second ago'],
    [59, '59 seconds ago'],
    [minute, 'About a minute ago'],
    [2 * minute, '2 minutes ago'],
    [59 * minute, '59 minutes ago'],
    [hour, 'About an hour ago'],
    [1.4 * hour, 'About an hour ago'],
    [1.5 * hour, '2 hours ago'],
    [47 * hour, '47 hours ago'],
    [2 * day, '2 days ago'],
    [13 * day, '13 days ago'],
    [14 * day, '2 weeks ago'],
    [59 * day, '8 weeks ago'],
    [61 * day, '2 months ago'],
    [729 * day, '24 months ago'],
    [731 * day, '2 years ago'],
  ])('%d seconds', (seconds, text) => {
    const now = new Date('2026-11-27T00:00:00Z')
    expect(age(new Date(now.getTime() - seconds * 1000), now)).toBe(text)
  })
})

describe('--filter', () => {
  it('one key, any of its values; labels, all of them', () => {
    const filter = filterOf(['a=1', 'a=2', 'label=k=v'], ['a', 'b', 'label'])
    expect(filter.some('a', (value) => value === '2')).toBe(true)
    expect(filter.every('a', (value) => value === '2')).toBe(false)
    expect(filter.some('label', (value) => value === 'k=v')).toBe(true)
    expect(filter.some('b', () => false)).toBe(true)
  })

  it.each([
    ['nokey', 'expected KEY=VALUE'],
    ['lable=x', 'invalid filter "lable"'],
  ])('refuses %s', (text, message) => {
    expect(() => filterOf([text], ['label'])).toThrow(message)
  })
})
