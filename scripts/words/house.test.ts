import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { countIn, folderOf, groupBy } from './measure.ts'
import { readPassages } from './read-passages.ts'
import { perThousand } from './render.ts'

it('comments, docs and user-visible strings hold at most 1 marker word in 1,000, in each top-level folder', () => {
  const passages = readPassages(fileURLToPath(new URL('../..', import.meta.url)))
  const folders = groupBy(passages, ({ path }) => folderOf(path, 1))
  const over = [...folders].flatMap(([folder, texts]) => {
    const counts = countIn(texts)
    return perThousand(counts) > 1 ? [`${folder}: ${counts.markers} in ${counts.words} words`] : []
  })
  expect(over, '`node scripts/words/main.ts --only marker FOLDER` lists the sentences to rewrite').toEqual([])
  expect(folders.size).toBeGreaterThan(8)
}, 120_000)
