import { describe, expect, it } from 'vitest'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { defaultClaimPaths, type ClaimPaths } from './principal-from-claims.ts'
import { createClaimReporter } from './report-claims.ts'

function setUp(paths: Partial<ClaimPaths> = {}) {
  const { logger, lines } = createRecordingLogger()
  const { metrics, value } = createRecordingMetrics()
  const report = createClaimReporter({ paths: { ...defaultClaimPaths, ...paths }, logger, metrics })
  return {
    report,
    lines,
    missing: (claim: string) => value('tokenClaimsMissing', { claim }),
    allMissing: () => value('tokenClaimsMissing'),
  }
}

const complete = { user_id: 'u', username: 'n', org_id: 'o', account_number: '1', roles: [] }

describe('createClaimReporter', () => {
  it('reports nothing for a token that has each claim, even if it is empty or null', () => {
    const { report, lines, allMissing } = setUp({ roles: 'realm_access.roles' })
    report({ ...complete, realm_access: { roles: null }, username: '' })
    expect([lines, allMissing()]).toEqual([[], 0])
  })

  it('warns once of a configured path without a claim, with its setting, and counts each token', () => {
    const { report, lines, missing } = setUp({ roles: 'resource_access.my.console.roles' })
    for (let token = 0; token < 3; token += 1) report({ ...complete, resource_access: { console: { roles: ['secret'] } } })
    expect(lines).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining('configured claim is missing'),
        fields: { setting: 'JWT_CLAIM_ROLES', path: 'resource_access.my.console.roles' },
      },
    ])
    expect(missing('roles')).toBe(3)
  })

  it('warns of each configured path by itself', () => {
    const { report, lines } = setUp({ roles: 'r.x', organizationId: 'o.x', userId: 'sub' })
    report(complete)
    report(complete)
    expect(lines.map(({ fields }) => fields['setting'])).toEqual(['JWT_CLAIM_USER_ID', 'JWT_CLAIM_ORG_ID', 'JWT_CLAIM_ROLES'])
  })

  it('counts a default path without a claim, and does not warn, because many issuers lack the claim', () => {
    const { report, lines, missing } = setUp()
    report({ user_id: 'u' })
    expect([lines, missing('user_id'), missing('username'), missing('org_id'), missing('account_number'), missing('roles')]).toEqual([
      [],
      0,
      1,
      1,
      1,
      1,
    ])
  })

  it('warns once of tokens with `exp` in milliseconds', () => {
    const { report, lines } = setUp()
    for (const exp of [1_800_000_000, 99_999_999_999, undefined, 1_800_000_000_000, 1_800_000_000_001, 1e300]) report({ ...complete, exp })
    expect(lines).toEqual([{ level: 'warn', message: expect.stringContaining('exp in milliseconds'), fields: { claim: 'exp' } }])
  })
})
