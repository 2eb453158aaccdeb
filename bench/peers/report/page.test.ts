import { expect, test } from 'vitest'
import { beginMark, endMark, replaceBetweenMarks } from './page.ts'

test('what stands between the marks is replaced, and nothing else', () => {
  const page = `# Title\n\n${beginMark}\n\nold\n\n${endMark}\n\nafter\n`
  const next = replaceBetweenMarks(page, 'new\n')
  expect(next).toBe(`# Title\n\n${beginMark}\n\nnew\n\n${endMark}\n\nafter\n`)
  expect(replaceBetweenMarks(next, 'new')).toBe(next)
})

test('a page without marks is not written over', () => {
  expect(() => replaceBetweenMarks('# Title', 'new')).toThrow(beginMark)
  expect(() => replaceBetweenMarks(`${endMark} ${beginMark}`, 'new')).toThrow(endMark)
})
