import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { runSteps, type Step } from './run-steps.ts'
import { StepFailure } from './step-failure.ts'
import { sleep } from '../../program/waiting.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const doing = (title: string, ms: number, more: Partial<Step> = {}): Step => ({ title, run: () => sleep(ms).then(() => ''), ...more })
const failing = (title: string, error: unknown, more: Partial<Step> = {}): Step => ({ title, run: () => Promise.reject(error), ...more })

async function said(...groups: readonly (readonly Step[])[]): Promise<{ readonly lines: readonly string[]; readonly isDone: boolean }> {
  const lines: string[] = []
  const running = runSteps(groups, { say: (line) => lines.push(line), now: Date.now, remindEveryMs: 10_000 })
  await vi.runAllTimersAsync()
  return { lines, isDone: await running }
}

it('runSteps runs one group after the other, and prints how long each step took and its result', async () => {
  const { lines, isDone } = await said([doing('one', 1500)], [doing('two', 0, { run: () => Promise.resolve('was there') })])
  expect(isDone).toBe(true)
  expect(lines).toEqual(['   one', ' ✓ one (1.5 s)', '   two', ' ✓ two: was there (0.0 s)'])
})

it('runSteps runs the steps of a group at once', async () => {
  const { lines } = await said([doing('slow', 3000), doing('fast', 1000)])
  expect(lines).toEqual(['   slow', '   fast', ' ✓ fast (1.0 s)', ' ✓ slow (3.0 s)'])
})

it('runSteps prints the progress of a long step', async () => {
  const { lines } = await said([
    doing('long', 0, {
      run: async (progress) => {
        progress('first half')
        await sleep(15_000)
        progress('second half')
        await sleep(10_000)
        return ''
      },
    }),
  ])
  expect(lines).toEqual(['   long', '   long, 10.0 s: first half', '   long, 20.0 s: second half', ' ✓ long (25.0 s)'])
})

it('runSteps prints why a step failed and what to do, waits for the rest of its group, and starts nothing more', async () => {
  const failure = new StepFailure('helm said no', { why: ['Error: no'], todo: 'say please' })
  const { lines, isDone } = await said([failing('install', failure), doing('other', 2000)], [doing('never', 0)])
  expect(isDone).toBe(false)
  expect(lines).toEqual([
    '   install',
    '   other',
    ' ✗ install, after 0.0 s',
    '     helm said no',
    '     | Error: no',
    '     What to do: say please',
    ' ✓ other (2.0 s)',
  ])
})

it('runSteps asks the cluster about a failed step, and goes on when that fails as well', async () => {
  const failure = new StepFailure('not ready')
  const { lines } = await said([
    failing('asked', failure, { diagnose: () => Promise.resolve(['pod/a: ImagePullBackOff']), todo: 'load the image' }),
    failing('mute', failure, { diagnose: () => Promise.reject(new Error('connection refused')) }),
  ])
  expect(lines.slice(2)).toEqual([
    ' ✗ asked, after 0.0 s',
    ' ✗ mute, after 0.0 s',
    '     not ready',
    '     What to do: load the image',
    '     What the cluster says:',
    '     | pod/a: ImagePullBackOff',
    '     not ready',
    '     The cluster could not be asked for more: connection refused',
  ])
})

it('runSteps prints the stack of a bug', async () => {
  const { lines } = await said([failing('broken', new TypeError('x is not a function'))])
  expect(lines.join('\n')).toMatch(/TypeError: x is not a function\n\s+at .*run-steps\.test\.ts/)
})
