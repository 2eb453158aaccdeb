import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withTokenKeys } from './with-token-keys.ts'

describe('withTokenKeys', () => {
  it('gives keys whose file exists until the run has ended, and answers what the run does', async () => {
    const ran = await withTokenKeys(async ({ env, sign }, folder) => {
      await Promise.resolve()
      const file = env['JWT_KEYS_FILE'] ?? ''
      expect([existsSync(file), file.startsWith(folder), sign({}).split('.').length]).toEqual([true, true, 3])
      return folder
    })
    expect(existsSync(ran)).toBe(false)
  })

  it('removes the folder after a run that fails', async () => {
    const folders: string[] = []
    const run = withTokenKeys((_keys, folder) => {
      folders.push(folder)
      return Promise.reject(new Error('The run fails.'))
    })
    await expect(run).rejects.toThrow('The run fails.')
    expect(folders.map((folder) => existsSync(folder))).toEqual([false])
  })
})
