import { App, Chart } from 'cdk8s'
import { Construct } from 'constructs'
import { failed, ok, type Result } from '../../program/result.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { GatewayAutoscaler } from './autoscaler.ts'
import { GatewayDeployment } from './deployment.ts'
import { GatewayDisruptionBudget } from './disruption-budget.ts'
import { GatewayHttpRoute } from './http-route.ts'
import { GatewayIngress } from './ingress.ts'
import { mountFiles, type FileMounts } from './mounted-files.ts'
import { GatewayNetworkPolicy } from './network-policy.ts'
import type { OperandInput } from './operand-input.ts'
import { checkChannelName } from '../../api/child-names.ts'
import { GatewayServiceAccount } from './service-account.ts'
import { GatewayService } from './service.ts'

/** Every object of one channel, in the order in which they are applied. */
export class GatewayOperands extends Construct {
  constructor(scope: Construct, id: string, input: OperandInput, files: FileMounts) {
    super(scope, id)
    const { gateway, route } = input.spec
    new GatewayServiceAccount(this, 'service-account', input)
    // The policy comes before the pods, which are never open to every peer, not even for a moment.
    new GatewayNetworkPolicy(this, 'network-policy', input)
    new GatewayService(this, 'service', input)
    new GatewayDisruptionBudget(this, 'disruption-budget', input)
    new GatewayDeployment(this, 'deployment', input, files)
    if (gateway.autoscaling !== undefined) new GatewayAutoscaler(this, 'autoscaler', input, gateway.autoscaling)
    if (route.type === 'Ingress' && route.host !== undefined) new GatewayIngress(this, 'ingress', input, route.host)
    if (route.type === 'HTTPRoute' && route.host !== undefined) new GatewayHttpRoute(this, 'http-route', input, route.host)
  }
}

/**
 * Returns the objects of a channel, in the order in which they are applied. The same input gives the same objects.
 * @returns an error that says what to change, when the objects cannot be rendered
 */
export function renderOperands(input: OperandInput): Result<readonly KubernetesObject[], string> {
  const problem = checkInput(input)
  if (problem !== null) return failed(problem)
  const files = mountFiles(input.files, input.hasFixedUser)
  if (!files.ok) return files
  try {
    const chart = new Chart(new App(), 'channel', { disableResourceNameHashes: true })
    new GatewayOperands(chart, 'gateway', input, files.value)
    return ok(chart.toJson())
  } catch (error) {
    // cdk8s throws for an object that it finds wrong. An object of one channel must not stop the work on the others.
    return failed(`The objects of the channel cannot be rendered: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function checkInput({ channel, spec: { route } }: OperandInput): string | null {
  const name = checkChannelName(channel.name)
  if (!name.ok) return name.error
  return route.type !== 'None' && route.host === undefined ? 'a route needs a host: set spec.route.host, or spec.route.type: None' : null
}
