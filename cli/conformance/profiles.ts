import { httpRules } from './http-rules.ts'
import { resumeProfileRules } from './resume-rules.ts'
import type { ProfileName, Rule } from './rule.ts'
import { socketRules } from './socket-rules.ts'

export interface Profile {
  readonly title: string
  /** Endpoints that its rules need. */
  readonly needs: readonly ('socket' | 'stream' | 'emit')[]
  readonly rules: readonly Rule[]
}

/** Every profile, in the order of a report. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  websocket: { title: 'CloudEvents WebSocket binding 1.0.2', needs: ['socket'], rules: socketRules },
  http: { title: 'CloudEvents HTTP binding 1.0.2', needs: ['emit'], rules: httpRules },
  resume: { title: "Carillon's resume profile (docs/protocol.md)", needs: ['socket', 'stream', 'emit'], rules: resumeProfileRules },
}
