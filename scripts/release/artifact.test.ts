import { expect, it } from 'vitest'
import { jsonArtifact, renderChecksums, textArtifact } from './artifact.ts'

it('renders checksums in the order of the names, as sha256sum reads them', () => {
  expect(renderChecksums([textArtifact('b.txt', 'hello\n'), textArtifact('a.txt', ''), textArtifact('B.txt', '')])).toBe(
    [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  B.txt',
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.txt',
      '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  b.txt',
      '',
    ].join('\n'),
  )
})

it('writes JSON with a line break at its end', () => {
  expect(new TextDecoder().decode(jsonArtifact('x.json', { a: 1 }).bytes)).toBe('{\n  "a": 1\n}\n')
})
