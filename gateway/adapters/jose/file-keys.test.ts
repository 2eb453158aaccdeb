import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { createJwtAuthenticator } from './authenticator.ts'
import { maxKeySetBytes } from './parse-keys.ts'
import { jwtOptions } from './testing/jwt-options.ts'
import { createTestIssuer, goodClaims, type TestIssuer } from './testing/test-issuer.ts'

describe('keys from a file', () => {
  let folder: string
  let path: string
  let first: TestIssuer
  let second: TestIssuer
  beforeEach(async () => {
    // Both key sets have one size, so that the size does not show a change.
    ;[folder, first, second] = await Promise.all([
      mkdtemp(join(tmpdir(), 'carillon-keys-')),
      createTestIssuer({ kid: 'key-1' }),
      createTestIssuer({ kid: 'key-2' }),
    ])
    path = join(folder, 'keys.json')
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** In one step: a file that is found half written is invalid, which is logged. */
  async function publish(issuer: TestIssuer, to = path): Promise<void> {
    await writeFile(`${to}.new`, JSON.stringify({ keys: [issuer.jwk] }))
    await rename(`${to}.new`, to)
  }

  function setUp(keysFile = path) {
    const { logger, lines } = createRecordingLogger()
    const authenticator = createJwtAuthenticator(jwtOptions({ jwtKeysFile: keysFile }), {
      logger,
      metrics: createRecordingMetrics().metrics,
      now: Date.now,
      filePollMs: 5,
    })
    onTestFinished(() => authenticator.stop())
    const isBelieved = async (issuer: TestIssuer) => (await authenticator.authenticate(await issuer.sign(goodClaims(Date.now())))).ok
    const errors = () => lines.filter(({ level }) => level === 'error').map(({ fields }) => fields['reason'])
    return { authenticator, isBelieved, errors, lines }
  }

  it('are replaced when the file is, and the tokens that they verified are forgotten', async () => {
    await publish(first)
    const { authenticator, isBelieved } = setUp()
    await authenticator.start()
    expect([await isBelieved(first), await isBelieved(second)]).toEqual([true, false])
    await publish(second)
    await vi.waitFor(async () => expect([await isBelieved(first), await isBelieved(second)]).toEqual([false, true]))
  })

  // A mounted Secret is `keys.json -> ..data/keys.json`, `..data -> ..2026_01`. An update turns `..data`, and writes to neither file nor
  // link.
  it('are replaced when Kubernetes turns the link above them', async () => {
    for (const [version, issuer] of [
      ['v1', first],
      ['v2', second],
    ] as const) {
      await mkdir(join(folder, version))
      await publish(issuer, join(folder, version, 'keys.json'))
    }
    await symlink('v1', join(folder, '..data'))
    await symlink('..data/keys.json', path)
    const { authenticator, isBelieved } = setUp()
    await authenticator.start()
    expect(await isBelieved(first)).toBe(true)
    await symlink('v2', join(folder, '..data_tmp'))
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    await rm(join(folder, 'v1'), { recursive: true })
    await vi.waitFor(async () => expect([await isBelieved(first), await isBelieved(second)]).toEqual([false, true]))
  })

  it('are read from a file that begins with a byte order mark', async () => {
    await writeFile(path, `\uFEFF${JSON.stringify({ keys: [first.jwk] })}`)
    const { authenticator, isBelieved } = setUp()
    await authenticator.start()
    expect(await isBelieved(first)).toBe(true)
  })

  it('stay in use when the new file is invalid, which is logged once; the next valid file replaces them', async () => {
    await publish(first)
    const { authenticator, isBelieved, errors } = setUp()
    await authenticator.start()
    await writeFile(path, '{"keys": [')
    await vi.waitFor(() => expect(errors()).toEqual(['a JSON Web Key Set was expected: {"keys": [...]}']))
    expect(await isBelieved(first)).toBe(true)
    await publish(second)
    await vi.waitFor(async () => expect(await isBelieved(second)).toBe(true))
    expect(errors()).toHaveLength(1)
  })

  it('stay in use when the file is gone, which is logged once, and are replaced when it is back', async () => {
    await publish(first)
    const { authenticator, isBelieved, errors } = setUp()
    await authenticator.start()
    await unlink(path)
    await vi.waitFor(() => expect(errors()).toEqual([expect.stringContaining('ENOENT')]))
    expect(await isBelieved(first)).toBe(true)
    await publish(second)
    await vi.waitFor(async () => expect(await isBelieved(second)).toBe(true))
    expect(errors()).toHaveLength(1)
  })

  it('are not read again while the file stays as it is', async () => {
    await publish(first)
    const { authenticator, lines } = setUp()
    await authenticator.start()
    const token = await first.sign(goodClaims(Date.now()))
    const before = await authenticator.authenticate(token)
    await publish(second, join(folder, 'another.json'))
    const later = setUp(join(folder, 'another.json'))
    await later.authenticator.start()
    await publish(first, join(folder, 'another.json'))
    await vi.waitFor(() => expect(later.lines).toHaveLength(2)) // by then the first has looked as well
    const after = await authenticator.authenticate(token)
    expect(before.ok && after.ok && before.value === after.value).toBe(true)
    expect(lines).toHaveLength(1)
  })

  it.each([
    ['is missing', () => Promise.resolve(), /^JWT_KEYS_FILE: the file cannot be read \(ENOENT/],
    ['is a folder', () => mkdir(path), /^JWT_KEYS_FILE: the file cannot be read \(EISDIR/],
    ['is empty', () => writeFile(path, ''), /^JWT_KEYS_FILE: a JSON Web Key Set was expected/],
    [
      'is UTF-16, as some shells of Windows write',
      () => writeFile(path, Buffer.from('\uFEFF{"keys": []}', 'utf16le')),
      /^JWT_KEYS_FILE: the file is UTF-16; save it as UTF-8/,
    ],
    ['is too large', () => writeFile(path, ' '.repeat(maxKeySetBytes + 1)), /^JWT_KEYS_FILE: the file has more than 1048576 bytes/],
  ])('refuse the start when the file %s', async (_, make, message) => {
    await make()
    const { authenticator } = setUp()
    await expect(authenticator.start()).rejects.toThrow(message)
    expect(authenticator.hasKeys()).toBe(false)
  })

  it('are not looked at any more after the stop, also when it comes twice', async () => {
    await publish(first)
    const { authenticator, isBelieved, lines } = setUp()
    await authenticator.start()
    await Promise.all([authenticator.stop(), authenticator.stop()])
    await publish(second)
    const later = setUp()
    await later.authenticator.start()
    await publish(first)
    await vi.waitFor(() => expect(later.lines).toHaveLength(2)) // by then the stopped one would have looked
    expect([await isBelieved(first), await isBelieved(second), lines.length]).toEqual([true, false, 1])
  })
})
