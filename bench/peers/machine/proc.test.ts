import { expect, test } from 'vitest'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  addUsages,
  hasEnded,
  parseCpuTicks,
  parseKilobytes,
  parseMachineTimes,
  parseNanoseconds,
  parseSocketPages,
  parseState,
  readUsage,
} from './proc.ts'

test('processor time is read past a process name with blanks and parentheses', () => {
  const fields = Array.from({ length: 50 }, (_, index) => String(index + 3))
  fields[11] = '250'
  fields[12] = '31'
  expect(parseCpuTicks(`4711 (a) b (c) ${fields.join(' ')}`)).toBe(281)
})

test('a state is read past a process name with parentheses', () => {
  expect(parseState('4711 (a) Z) S 1 2')).toBe('S')
})

test('a process has ended when it is gone', () => {
  expect([hasEnded(process.pid), hasEnded(2 ** 30)]).toEqual([false, true])
})

test('processor time of a thread is the first figure of its statistics', () => {
  expect(parseNanoseconds('1234567 89 3\n')).toBe(1_234_567)
})

test('memory is read by its name', () => {
  const status = 'Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n'
  expect([parseKilobytes(status, 'VmRSS'), parseKilobytes(status, 'VmHWM'), parseKilobytes(status, 'VmSwap')]).toEqual([
    102_400, 204_800, 0,
  ])
})

test("the kernel's memory of sockets is that of TCP", () => {
  expect(parseSocketPages('sockets: used 290\nTCP: inuse 12 orphan 0 tw 3 alloc 15 mem 42\nUDP: inuse 1 mem 7\n')).toBe(42)
  expect(parseSocketPages('nothing')).toBe(0)
})

test('the machine is busy when it neither idles nor waits for a disk', () => {
  expect(parseMachineTimes('cpu  10 1 5 80 4 0 2 3 9 9\ncpu0 1 2 3')).toEqual({ totalTicks: 105, busyTicks: 21 })
})

test('figures of several processes are added', () => {
  const usage = { cpuSeconds: 1, rssBytes: 2, peakRssBytes: 3 }
  expect(addUsages([usage, usage])).toEqual({ cpuSeconds: 2, rssBytes: 4, peakRssBytes: 6 })
})

test.runIf(process.platform === 'linux')(
  'the figures of a process contain those of its children, and time is finer than 10 ms',
  async () => {
    const idle = `"${process.execPath}" -e "process.stdout.write('up'); setInterval(() => {}, 1000)"; true`
    const parent = spawn('sh', ['-c', idle], { detached: true })
    const pid = parent.pid ?? 0
    await once(parent.stdout, 'data')
    const { rssBytes, cpuSeconds } = readUsage(pid)
    const ended = once(parent, 'close')
    process.kill(-pid, 'SIGKILL')
    await ended
    // A shell has some 1 MB, and Node.js more than 20.
    expect(rssBytes).toBeGreaterThan(20e6)
    expect(Math.abs(cpuSeconds * 100 - Math.round(cpuSeconds * 100))).toBeGreaterThan(1e-6)
  },
)
