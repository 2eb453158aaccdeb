import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const cwd = fileURLToPath(new URL('..', import.meta.url))

/** Runs make as a user's shell does, without the flags that a `make test` around this test hands down. */
function make(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const env = { ...process.env, MAKEFLAGS: '', MAKELEVEL: '' }
  return new Promise((resolve) =>
    execFile('make', args, { cwd, env }, (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr })),
  )
}

it('points from a target that make does not know to `make help`, and exits with 2', async () => {
  const { code, stderr } = await make('foo')
  expect(code).toBe(2)
  expect(stderr).toContain("make: there is no target 'foo'. `make help` lists the targets.")
})

it('leaves targets that are files alone', async () => {
  expect(await make('package.json', 'README.md')).toMatchObject({ code: 0, stderr: '' })
})

it('lists every target of make that has a sentence', async () => {
  const { code, stdout } = await make('help')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ {2}test-watch +Run the unit tests again whenever a file changes/m)
})

it('runs the unit tests of a path with make test-watch, and stays to watch', async () => {
  const env = { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', CI: '' }
  // A process group of its own, so that its end takes npm and vitest along.
  const child = spawn('make', ['test-watch', 'ARGS=testing/until'], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const { pid } = child
  onTestFinished(() => void (pid !== undefined && process.kill(-pid, 'SIGKILL')))
  const watching = new Promise<string>((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      if (output.includes('Waiting for file changes')) resolve(output)
    }
    for (const stream of [child.stdout, child.stderr]) stream.on('data', read)
    child.once('exit', (code) => reject(new Error(`make ended with ${code}:\n${output}`)))
  })
  expect(await watching).toMatch(/testing\/until/)
})
