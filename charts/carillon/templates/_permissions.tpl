{{/* Generated from operator/permissions.ts: change that, then run `make docs`. */}}
{{- define "carillon.rules.channels" -}}
- apiGroups:
    - carillon.dev
  resources:
    - realtimechannels
  verbs:
    - get
    - list
    - watch
    - patch
- apiGroups:
    - carillon.dev
  resources:
    - realtimechannels/status
  verbs:
    - patch
- apiGroups:
    - carillon.dev
  resources:
    - realtimechannels/finalizers
  verbs:
    - update
- apiGroups:
    - ""
  resources:
    - namespaces
  verbs:
    - get
- apiGroups:
    - ""
  resources:
    - services
    - serviceaccounts
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - apps
  resources:
    - deployments
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - autoscaling
  resources:
    - horizontalpodautoscalers
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - policy
  resources:
    - poddisruptionbudgets
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - networking.k8s.io
  resources:
    - ingresses
    - networkpolicies
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - gateway.networking.k8s.io
  resources:
    - httproutes
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - ""
  resources:
    - pods
  verbs:
    - list
- apiGroups:
    - ""
  resources:
    - events
  verbs:
    - list
- apiGroups:
    - events.k8s.io
  resources:
    - events
  verbs:
    - create
    - patch
{{- end }}

{{- define "carillon.rules.cluster" -}}
- apiGroups:
    - carillon.dev
  resources:
    - realtimechannelclasses
  verbs:
    - list
    - watch
- apiGroups:
    - networking.k8s.io
  resources:
    - ingressclasses
  verbs:
    - list
- apiGroups:
    - gateway.networking.k8s.io
  resources:
    - gateways
  verbs:
    - get
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  verbs:
    - get
- apiGroups:
    - apiextensions.k8s.io
  resources:
    - customresourcedefinitions
  resourceNames:
    - realtimechannels.carillon.dev
    - realtimechannelclasses.carillon.dev
  verbs:
    - get
{{- end }}

{{- define "carillon.rules.own" -}}
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  verbs:
    - get
    - create
    - update
- apiGroups:
    - events.k8s.io
  resources:
    - events
  verbs:
    - create
    - patch
{{- end }}

{{- define "carillon.rules.release" -}}
- apiGroups:
    - carillon.dev
  resources:
    - realtimechannels
  verbs:
    - get
    - list
    - patch
{{- end }}

{{- define "carillon.rules.releaseOwn" -}}
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  verbs:
    - get
    - create
    - update
{{- end }}
