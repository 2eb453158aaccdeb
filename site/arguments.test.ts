import { describe, expect, it } from 'vitest'
import { parseArguments, usage } from './arguments.ts'

describe('the flags of make docs-site', () => {
  it('have defaults', () => {
    expect(parseArguments([])).toEqual({ ok: true, value: { kind: 'build', base: '/', out: 'dist/docs-site' } })
    expect(parseArguments(['--serve'])).toEqual({ ok: true, value: { kind: 'serve', base: '/', port: 5173 } })
  })

  it('set the base, the folder and the port', () => {
    expect(parseArguments(['--base', '/carillon/', '--out', 'x'])).toEqual({
      ok: true,
      value: { kind: 'build', base: '/carillon/', out: 'x' },
    })
    expect(parseArguments(['--serve', '--port=8080'])).toEqual({ ok: true, value: { kind: 'serve', base: '/', port: 8080 } })
  })

  it('are all in the help', () => {
    expect(parseArguments(['--help'])).toEqual({ ok: true, value: { kind: 'help' } })
    for (const flag of ['--base', '--out', '--serve', '--port', '--help']) expect(usage).toContain(flag)
  })

  it.each([
    [['--base', 'carillon'], '--base is carillon. It must be a path that begins and ends with a slash, such as /carillon/.'],
    [['--base', '/a b/'], '--base is /a b/.'],
    [['--port', '0'], '--port is 0. It must be a number from 1 to 65535.'],
    [['--bass', '/'], "Unknown option '--bass'"],
    [['more'], 'more'],
  ])('%j are refused by name', (argv, message) => {
    expect(parseArguments(argv)).toEqual({ ok: false, error: expect.stringContaining(message) })
  })
})
