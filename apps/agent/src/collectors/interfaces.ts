import type { NetworkInterfaceInfo } from 'node:os';
import type { MachineInfo } from '@bulwark/protocol';
import { text } from './limits.ts';

/**
 * Interfaces that are not the machine's own. Their traffic either never leaves the machine (lo, dummy) or is counted
 * a second time on the interface it leaves by (container and guest ends, their bridges, tunnels the kernel keeps in
 * stock); and container runtimes make new names all day, each of which would become a series for ever.
 * Bonds, VLANs and VPNs stay: people name and watch those.
 */
const VIRTUAL = new RegExp(
  `^(?:${[
    'lo\\d*|dummy\\d+|ifb\\d+|nlmon\\d+', // Linux; lo0 on BSD and macOS
    'veth.*|docker\\d+|docker_gwbridge|br-[0-9a-f]{12}|podman\\d+', // containers
    'cni.*|cali.*|cilium.*|flannel.*|kube-.*|lxc.*|lxdbr\\d+|nodelocaldns', // their orchestrators
    'virbr.*|vnet\\d+|tap\\d.*|fwbr.*|fwln.*|fwpr.*|vmnet.*|bridge\\d+', // guests
    'sit\\d+|ip6tnl\\d+|tunl\\d+|gre\\d+|gretap\\d+|erspan\\d+|ip_vti\\d+|ip6_vti\\d+|ip6gre\\d+|teql\\d+', // stock
    'gif\\d+|stf\\d+|awdl\\d+|llw\\d+|anpi\\d+|ap\\d+|utun\\d+', // macOS
    'Loopback Pseudo-Interface.*|vEthernet.*', // Windows
  ].join('|')})$`,
);

/** Whether an interface's traffic is this machine's own. */
export function isOwnInterface(name: string): boolean {
  return !VIRTUAL.test(name);
}

/** The machine's own interfaces with their addresses, as node:os lists them. */
export function describeInterfaces(listed: NodeJS.Dict<NetworkInterfaceInfo[]>): MachineInfo['interfaces'] {
  return Object.entries(listed)
    .filter(([name]) => isOwnInterface(name))
    .slice(0, 256)
    .map(([name, addresses = []]) => ({
      name: text(name),
      mac: text(addresses[0]?.mac ?? ''),
      addresses: addresses.slice(0, 64).map(({ address }) => text(address)),
    }));
}
