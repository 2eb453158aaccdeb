/** The ports of the Service, whatever the pods' are: addresses in other people's configuration never change. */
export const servicePorts = { public: 8000, internal: 9000 } as const
