import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSurveyor, known, type Survey, surveyMachine } from './survey.ts';
import { manualClock } from './testing/clock.ts';

const survey: Survey = {
  ...{ vendor: 'Example', model: 'One', serial: '', gpus: [], hypervisor: '' },
  cpu: { model: 'CPU', cores: 1, threads: 2 },
  os: { name: 'Linux', version: '1', kernel: '6', arch: 'x64' },
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a surveyor', () => {
  test('surveys in the background and again after six hours', async () => {
    const clock = manualClock();
    let surveys = 0;
    const surveyor = createSurveyor({
      now: clock.now,
      survey: async () => {
        surveys += 1;
        return survey;
      },
    });
    assert.equal(surveyor.latest(), undefined);
    await settled();
    assert.equal(surveyor.latest(), survey);
    clock.advance(6 * 3_600_000 - 1);
    surveyor.latest();
    assert.equal(surveys, 1);
    clock.advance(1);
    surveyor.latest();
    assert.equal(surveys, 2);
  });

  test('says why there is no survey and tries again after ten minutes', async () => {
    const clock = manualClock();
    let surveys = 0;
    const surveyor = createSurveyor({
      now: clock.now,
      survey: async () => {
        surveys += 1;
        throw new RangeError('/home/ada');
      },
    });
    surveyor.latest();
    await settled();
    assert.equal(surveyor.problem(), 'machine survey: RangeError');
    surveyor.latest();
    assert.equal(surveys, 1);
    clock.advance(600_000);
    surveyor.latest();
    assert.equal(surveys, 2);
  });
});

test('the survey of this machine knows its processor and system', async () => {
  const { cpu, os } = await surveyMachine();
  assert.ok(cpu.threads >= 1);
  assert.notEqual(cpu.model, '');
  assert.notEqual(os.kernel, '');
});

test('a placeholder is not a name', () => {
  for (const value of ['-', 'To Be Filled By O.E.M.', 'System Serial Number', 'Default string', '0000'])
    assert.equal(known(value), '');
  assert.equal(known(' ThinkPad X1 '), 'ThinkPad X1');
});
