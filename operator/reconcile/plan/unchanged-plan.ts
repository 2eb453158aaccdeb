import type { Plan } from '../plan-types.ts'
import { keptRoute } from '../route/record.ts'
import type { World } from '../world.ts'

/** Returns a plan that does nothing: topics, route and gateways stay as the status remembers them. */
export function unchangedPlan({ channel, records: { topic, deadLetters } }: World, phase: Plan['phase']): Plan {
  return {
    phase,
    actions: [],
    refusals: [],
    topic: { whenDone: topic, otherwise: topic },
    deadLetters: { whenDone: deadLetters, otherwise: deadLetters },
    route: keptRoute(channel),
    holdsGatewayBack: true,
    requeueAfterMs: null,
  }
}
