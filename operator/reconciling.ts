import { operandNames } from '../api/child-names.ts'
import type { OperatorConfig } from './config/options.ts'
import type { Knowledge } from './knowledge.ts'
import type { OperatorAdapters } from './operator-adapters.ts'
import { createApplier } from './reconcile/apply/apply.ts'
import { createHealMeter, type HealMeter } from './reconcile/apply/heal-meter.ts'
import { createDryRun } from './reconcile/dry-run.ts'
import { createObserver, type Observer } from './reconcile/observe/observe.ts'
import { createOtherOperators, type OtherOperators } from './reconcile/observe/other-operators.ts'
import { createPodUsers } from './reconcile/observe/pod-users.ts'
import { createPreviewWriter } from './reconcile/preview/preview-writer.ts'
import { createReconciler } from './reconcile/reconciler.ts'
import { createRouteObserver } from './reconcile/observe/route.ts'
import { names, type Settings } from './reconcile/settings.ts'
import type { Reconcile } from './runtime/reconcile-run.ts'
import type { WorkQueue } from './runtime/work-queue.ts'
import { childTypes } from './watches.ts'

/** The reconcile of one channel, and the operators that it defers to. */
export interface Reconciling {
  readonly reconcile: Reconcile
  readonly otherOperators: OtherOperators
}

export interface ReconcilingParts {
  readonly adapters: OperatorAdapters
  readonly settings: Settings
  readonly knowledge: Knowledge
  readonly queue: Pick<WorkQueue, 'add'>
}

export function createReconciling(config: OperatorConfig, parts: ReconcilingParts): Reconciling {
  const { adapters, settings, knowledge, queue } = parts
  const { api, clock, logger } = adapters
  const otherOperators = createOtherOperators({
    api,
    own: settings.appliedBy,
    now: clock.now,
    onGone: () => knowledge.channels.all().forEach((ref) => queue.add(ref, 'resync')),
    logger,
  })
  const healMeter = createHealMeter({ nowMs: clock.wallNow })
  const observer = observerOf(config, { ...parts, otherOperators, healMeter })
  if (adapters.isDryRun) return { otherOperators, reconcile: createDryRun({ observer, settings, print: adapters.print }) }
  const { children, claims, resolver } = knowledge
  const reconcile = createReconciler({
    api,
    admins: adapters.admins,
    observer,
    applier: createApplier({ api, children, names, mayWrite: adapters.mayWrite }),
    children,
    healMeter,
    settings,
    record: adapters.record,
    preview: createPreviewWriter({ api, settings, claims, resolver, logger, identity: adapters.identity, nowMs: clock.wallNow }),
    mayWrite: adapters.mayWrite,
    enqueue: (ref) => queue.add(ref, 'child'),
    nowMs: clock.wallNow,
  })
  return { otherOperators, reconcile }
}

interface ObservingParts extends Pick<ReconcilingParts, 'adapters' | 'knowledge'> {
  readonly otherOperators: OtherOperators
  readonly healMeter: HealMeter
}

function observerOf(config: OperatorConfig, { adapters, knowledge, otherOperators, healMeter }: ObservingParts): Observer {
  const { api, clock } = adapters
  return createObserver({
    api,
    admins: adapters.admins,
    ownConnection: adapters.ownConnection,
    claims: knowledge.claims,
    children: knowledge.children,
    routes: createRouteObserver({ api, nowMs: clock.wallNow }),
    otherRoutes: knowledge.otherRoutes,
    otherOperators,
    contestedOf: (channel) => healMeter.contestedOf(channel),
    assignsPodUsers: createPodUsers({ api, choice: config.gatewayPodUser, nowMs: clock.wallNow }),
    childTypes,
    childNameOf: (name) => operandNames(name).Deployment,
    resolver: knowledge.resolver,
    onClaimsChanged: (refs) => refs.forEach((ref) => knowledge.claimLooks.ask(ref)),
    nowMs: clock.wallNow,
  })
}
