import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readMaxOpenFiles } from './process.ts'

describe('the limit of open files', () => {
  const of = (text: string): number | null => {
    const path = join(mkdtempSync(join(tmpdir(), 'limits-')), 'limits')
    writeFileSync(path, text)
    return readMaxOpenFiles(path)
  }

  it('is the soft limit that the system shows for this process', () => {
    expect(
      of(
        'Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 524288               files\n',
      ),
    ).toBe(1024)
  })

  it('is not known where it is unlimited, or the system does not show it', () => {
    expect([
      of('Max open files            unlimited            unlimited            files\n'),
      of(''),
      readMaxOpenFiles('/nowhere/limits'),
    ]).toEqual([null, null, null])
  })
})
