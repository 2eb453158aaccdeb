import { expect, it } from 'vitest'
import { createRun, lastLines, must } from './command.ts'

const run = createRun({ PATH: process.env['PATH'], GREETING: 'hello' })

it('run passes the environment and the input, and returns outputs and exit code', async () => {
  const heard: string[] = []
  const result = await run('sh', ['-c', 'cat; echo "$GREETING" >&2; exit 3'], { input: 'in\n', onLine: (line) => heard.push(line) })
  expect(result).toEqual({ code: 3, stdout: 'in\n', stderr: 'hello\n' })
  expect(heard.sort()).toEqual(['hello', 'in'])
})

it('run reports a missing command as a shell does', async () => {
  expect(await run('no-such-command', [])).toMatchObject({ code: 127, stderr: expect.stringContaining('ENOENT') })
})

it('run ends a command after its time-out', async () => {
  expect(await run('sleep', ['60'], { timeoutMs: 50 })).toEqual({ code: 124, stdout: '', stderr: 'sleep was ended after 0.05 s' })
})

it('run survives a command that does not read its input', async () => {
  expect(await run('true', [], { input: 'x'.repeat(1 << 20) })).toMatchObject({ code: 0 })
})

it('must turns a failure into a StepFailure with the end of the output', async () => {
  await expect(must(run('sh', ['-c', 'echo nothing; echo reason >&2; exit 1']), 'it did not work', 'try again')).rejects.toMatchObject({
    message: 'it did not work (exit code 1).',
    why: ['reason'],
    todo: 'try again',
  })
  await expect(must(run('sh', ['-c', 'echo only this; exit 1']), 'it did not work')).rejects.toMatchObject({ why: ['only this'] })
  expect(await must(run('echo', ['fine']), 'it did not work')).toBe('fine\n')
  expect(lastLines('a\nb\nc\n', 2)).toEqual(['b', 'c'])
})
