import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeMissing, meetNeeds, type Need } from './needs.ts';

/** A machine on which `apt-get install` works at its n-th call; 0 is never. */
function machine({ here = [] as string[], installWorksAt = 1 }) {
  const installed = new Set(here);
  const commands: string[] = [];
  const needs: Need[] = ['redis-server', 'softhsm2'].map((debianPackage) => ({
    name: `the ${debianPackage}`,
    debianPackage,
    find: () => (installed.has(debianPackage) ? '/usr/bin/x' : undefined),
  }));
  const run = async (command: readonly string[]) => {
    commands.push(command.join(' '));
    const installs = commands.filter((line) => line.includes(' install ')).length;
    const ok = command[1] === 'update' || installs === installWorksAt;
    if (ok && command[1] === 'install') for (const name of command.slice(5)) installed.add(name);
    return { ok, output: '', seconds: 0 };
  };
  return { needs, commands, run };
}

describe('meetNeeds', () => {
  test('runs nothing when everything is here', async () => {
    const { needs, commands, run } = machine({ here: ['redis-server', 'softhsm2'] });
    assert.deepEqual(await meetNeeds(needs, { mayInstall: true, run }), []);
    assert.deepEqual(commands, []);
  });

  test('installs only what is missing, after one update', async () => {
    const { needs, commands, run } = machine({ here: ['softhsm2'] });
    assert.deepEqual(await meetNeeds(needs, { mayInstall: true, run }), []);
    assert.deepEqual(commands, ['apt-get update -q', 'apt-get install -q -y --no-install-recommends redis-server']);
  });

  test('tries a second time when a download fails', async () => {
    const { needs, commands, run } = machine({ installWorksAt: 2 });
    assert.deepEqual(await meetNeeds(needs, { mayInstall: true, run }), []);
    assert.equal(commands.length, 3);
  });

  test('names what is still missing', async () => {
    const { needs, run } = machine({ installWorksAt: 0 });
    assert.deepEqual(await meetNeeds(needs, { mayInstall: true, run }), needs);
  });

  test('installs nothing without the right to', async () => {
    const { needs, commands, run } = machine({});
    assert.deepEqual(await meetNeeds(needs, { mayInstall: false, run }), needs);
    assert.deepEqual(commands, []);
    assert.equal(
      describeMissing(needs),
      'missing: the redis-server, the softhsm2; install with: apt-get install --no-install-recommends redis-server softhsm2',
    );
  });
});
