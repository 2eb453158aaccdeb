import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openTerminal, type Terminal } from './terminal.ts'

let terminal: Terminal
beforeEach(() => {
  terminal = openTerminal(tmpdir(), { PATH: process.env['PATH'] })
})
afterEach(() => terminal.close())

const type = (text: string, options: { readonly timeoutMs?: number; readonly areSeveral?: boolean } = {}) =>
  terminal.type(text, { timeoutMs: 5000, ...options })

it('a terminal keeps variables and functions from one command to the next', async () => {
  await type('WHO=ada\ngreet() { echo "it\'s $1"; }')
  expect(await type('greet $WHO')).toEqual({ code: 0, output: "it's ada\n" })
})

it('a terminal shows errors in their place, and names the one of several commands that failed', async () => {
  const { code, output } = await type('echo one\nls /nowhere\necho two', { areSeveral: true })
  expect(code).toBe(2)
  expect(output).toMatch(/^one\nls: .*\n\(this failed: ls \/nowhere\)\n$/)
})

it('a terminal continues after one failed command, and not after several of which one failed', async () => {
  expect(await type('false')).toMatchObject({ code: 1 })
  expect(await type('echo on')).toMatchObject({ code: 0, output: 'on\n' })
  await type('false', { areSeveral: true })
  expect(await type('echo on')).toMatchObject({ code: 1, output: '' })
})

it('a terminal gives up a command that does not return', async () => {
  expect(await type('echo begun; sleep 60', { timeoutMs: 500 })).toEqual({ code: null, output: 'begun\n' })
})

it('a terminal gives commands no input, and lets them run on in the background', async () => {
  expect(await type('cat; sleep 60 &')).toMatchObject({ code: 0, output: '' })
})

it("a terminal shows the shell's message for an unknown command", async () => {
  const { code, output } = await type('if then')
  expect(code).not.toBe(0)
  expect(output).toContain('syntax error')
})
