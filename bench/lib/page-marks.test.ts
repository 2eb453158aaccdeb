import { expect, test } from 'vitest'
import { marksOf, replaceBetweenMarks } from './page-marks.ts'

const writer = 'bench/one/main.ts'
const { begin, end } = marksOf(writer)

test('replaces the text between the marks of a page, and nothing else', () => {
  const page = `# Title\n\n${begin}\n\nold\n\n${end}\n\nafter\n`
  const next = replaceBetweenMarks(page, writer, 'new\n')
  expect(next).toBe(`# Title\n\n${begin}\n\nnew\n\n${end}\n\nafter\n`)
  expect(replaceBetweenMarks(next, writer, 'new')).toBe(next)
})

test('does not write over a page without marks', () => {
  expect(() => replaceBetweenMarks('# Title', writer, 'new')).toThrow(begin)
  expect(() => replaceBetweenMarks(`${end} ${begin}`, writer, 'new')).toThrow(end)
})
