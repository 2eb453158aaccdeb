import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLogin, readToken } from './credentials.ts'

describe('a file of credentials', () => {
  let folder: string
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'carillon-credentials-'))))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const written = (text: string): string => {
    const file = join(folder, 'secret')
    writeFileSync(file, text)
    return file
  }

  it.each(['pass word', 'pass word\n', 'pass word\r\n', '\ufeffpass word\n'])('holds the same password as %j', (text) => {
    expect(readLogin('', written(text))).toBe('pass word')
  })

  it('keeps other blanks of a password, and byte order marks within it', () => {
    expect(readLogin('', written(' a\ufeff \n\n'))).toBe(' a\ufeff \n')
  })

  it('holds the same token with a byte order mark before it', () => {
    expect(readToken(written('\ufeffabc.def\r\n'))).toBe('abc.def')
  })
})
