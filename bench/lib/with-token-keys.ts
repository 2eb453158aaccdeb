import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeTokenKeys, type TokenKeys } from '../../gateway/testing/token-keys.ts'

/**
 * Gives a benchmark keys to sign tokens with, and removes their folder in every case. The benchmark's own process has the folder: a child is killed, and
 * would leave it behind.
 * @param run gets the keys, and the folder for files beside them
 */
export async function withTokenKeys<T>(run: (keys: TokenKeys, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
  try {
    return await run(makeTokenKeys(folder), folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
