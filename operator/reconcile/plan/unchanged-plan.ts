import type { Plan } from '../plan-types.ts'
import { keptRoute } from '../route/record.ts'
import { perUse } from '../topic/topic-uses.ts'
import type { World } from '../world.ts'

/** Returns a plan that does nothing: topics, route and gateways stay as the status remembers them. */
export function unchangedPlan({ channel, records }: World, phase: Plan['phase']): Plan {
  return {
    phase,
    actions: [],
    refusals: [],
    ...perUse((use) => ({ whenDone: records[use], otherwise: records[use] })),
    route: keptRoute(channel),
    holdsGatewayBack: true,
    requeueAfterMs: null,
  }
}
