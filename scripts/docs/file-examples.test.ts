import { describe, expect, it } from 'vitest'
import { examplesOf, fileBlocks, fileExamples } from './file-examples.ts'
import { fileNameOf, readPages } from './pages.ts'

const blockOf = (code: string) => ({ page: 'docs/x.md', line: 1, language: 'python', code })

describe('a block of code that is a file', () => {
  it('begins with a comment that holds its name alone', () => {
    expect(fileNameOf(blockOf('# emit.py\nprint(1)\n'))).toBe('emit.py')
    expect(fileNameOf(blockOf('// emit-event.mjs\n1\n'))).toBe('emit-event.mjs')
    expect(fileNameOf(blockOf('<!-- Badge.vue -->\n<template />\n'))).toBe('Badge.vue')
    expect(fileNameOf(blockOf('# see emit.py\nprint(1)\n'))).toBeNull()
    expect(fileNameOf(blockOf('print(1)\n'))).toBeNull()
  })

  it('has a row that says which test proves it: no file is passed over', () => {
    const unknown = fileBlocks().filter(({ page, file }) => !fileExamples.some((row) => row.page === page && row.file === file))
    expect(
      unknown.map(({ page, line, file }) => `${page}:${line} shows ${file}, which is in no row of scripts/docs/file-examples.ts`),
    ).toEqual([])
  })

  it('exists for each row', () => {
    for (const proof of ['emits', 'produces', 'compiles', 'receives', 'replies', 'parses'] as const)
      expect(examplesOf(proof).length).toBeGreaterThan(0)
  })
})

describe('a page that shows how to emit from a language', () => {
  const pages = readPages().filter(({ path }) => path.startsWith('docs/emit-from-'))

  it('has only examples that are files, so that each is proved', () => {
    expect(pages.length).toBeGreaterThan(3)
    const fences = pages.flatMap(({ path, text }) => [...text.matchAll(/^```(\w+)$/gm)].map(() => path))
    expect(fences.toSorted()).toEqual(
      fileBlocks()
        .map(({ page }) => page)
        .filter((page) => page.startsWith('docs/emit-from-'))
        .toSorted(),
    )
  })
})
