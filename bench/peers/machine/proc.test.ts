import { expect, test } from 'vitest'
import { parseCpuTicks, parseKilobytes, parseMachineTimes, parseSocketPages } from './proc.ts'

test('processor time is read past a process name with blanks and parentheses', () => {
  const fields = Array.from({ length: 50 }, (_, index) => String(index + 3))
  fields[11] = '250'
  fields[12] = '31'
  expect(parseCpuTicks(`4711 (a) b (c) ${fields.join(' ')}`)).toBe(281)
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
