import { expect, it } from 'vitest'
import { textArtifact } from './artifact.ts'
import { compareReleases } from './compare.ts'

const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const hello = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03'

it('finds no difference between equal builds in another order', () => {
  const [a, b] = [textArtifact('a', ''), textArtifact('b', 'hello\n')]
  expect(compareReleases([a, b], [b, a])).toEqual([])
})

it('names each file that one build lacks or that has another digest', () => {
  expect(
    compareReleases(
      [textArtifact('a', ''), textArtifact('b', ''), textArtifact('c', '')],
      [textArtifact('a', 'hello\n'), textArtifact('c', ''), textArtifact('d', '')],
    ),
  ).toEqual([`a: ${empty} and ${hello}`, `b: ${empty} and missing`, `d: missing and ${empty}`])
})
