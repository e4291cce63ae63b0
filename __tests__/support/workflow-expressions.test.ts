import { describe, expect, it } from '@jest/globals';
import { interpolate, meets } from './workflow-expressions.ts';

const CONTEXTS = {
  github: { event_name: 'push' },
  secrets: { DATABASE_URL_SHOP: 'postgres://…' },
  inputs: { backup: 'latest', clean: true },
  steps: { deploy: { outcome: 'failure' } },
};

describe('the expressions of a workflow', () => {
  it.each([
    ['${{ github.event_name }}', 'push'],
    ['a ${{ inputs.backup }} of ${{ github.event_name }}', 'a latest of push'],
    ['${{ inputs.clean }}', 'true'],
    ['${{ secrets.MISSING }}', ''],
    ["${{ secrets[format('DATABASE_URL_{0}', 'shop')] }}", 'postgres://…'],
    ["${{ inputs.backup == 'latest' && 'shop' || '' }}", 'shop'],
    ['no expression', 'no expression'],
  ])('%s is %j', (text, value) => {
    expect(interpolate(text, CONTEXTS)).toBe(value);
  });

  it('that name a context which is not there are an error', () => {
    expect(() => interpolate('${{ matrix.database }}', CONTEXTS)).toThrow('matrix');
  });

  it.each([
    ['true', false, true],
    ['true', true, false],
    ["${{ github.event_name == 'push' }}", false, true],
    ["github.event_name == 'pull_request'", false, false],
    ['${{ always() }}', true, true],
    ["${{ failure() && steps.deploy.outcome == 'failure' }}", true, true],
    ["${{ failure() && steps.deploy.outcome == 'failure' }}", false, false],
    ['${{ secrets.MISSING }}', false, false],
  ])('if: %s, where an earlier step has failed: %s, runs: %s', (condition, hasFailed, runs) => {
    expect(meets(condition, CONTEXTS, hasFailed)).toBe(runs);
  });
});
