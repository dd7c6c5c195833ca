import { describe, expect, it } from 'vitest';
import {
  areOtherClusters,
  contextOfUrl,
  isUnidentified,
  partOf,
  UNIDENTIFIED,
  withParts,
} from '../../../src/registry/cluster-names.ts';

describe('the name of a cluster', () => {
  it('tells its parts by their names, values with an equals sign included', () => {
    const name = 'kafka-cluster=k=1;schema-registry-cluster=sr';
    expect(partOf(name, 'kafka-cluster')).toBe('k=1');
    expect(partOf(name, 'schema-registry-cluster')).toBe('sr');
    expect(partOf(name, 'context')).toBeUndefined();
    expect(partOf(null, 'kafka-cluster')).toBeUndefined();
  });

  it('is of another cluster when a part differs that both have', () => {
    expect(areOtherClusters('kafka=a;sr=s', 'kafka=b;sr=s')).toBe(true);
    expect(areOtherClusters('kafka=a;sr=s', 'sr=s;kafka=a')).toBe(false);
  });

  it('is not of another cluster for a part that only one of them has', () => {
    expect(areOtherClusters('kafka=a;sr=s', 'kafka=a')).toBe(false);
    expect(areOtherClusters('sr=s', 'kafka=a')).toBe(false);
  });

  it('without parts is one part, which a name with an empty part does not share', () => {
    expect(areOtherClusters('one', 'two')).toBe(true);
    expect(areOtherClusters('one', 'one')).toBe(false);
    expect(areOtherClusters('one', 'sr=two')).toBe(false);
    expect(partOf('one', '')).toBe('one');
    expect(partOf('=one', '')).toBe('one');
  });

  it('takes up the parts that others tell, and keeps its own', () => {
    expect(withParts('sr=s', 'kafka=k;sr=other')).toBe('sr=s;kafka=k');
    expect(withParts('sr=s', 'sr=s')).toBe('sr=s');
    expect(withParts('sr=s', 'kafka=k=1;zone=z')).toBe('sr=s;kafka=k=1;zone=z');
  });

  it('says when nobody told it', () => {
    expect(isUnidentified(`${UNIDENTIFIED}http://a`)).toBe(true);
    expect(isUnidentified(`sr=${UNIDENTIFIED}`)).toBe(false);
  });
});

describe('the context that a URL leads to', () => {
  it.each([
    ['http://a:8081', ''],
    ['http://a:8081/', ''],
    ['http://contexts/x', ''],
    ['http://a:8081/contexts/', ''],
    ['http://a:8081/other/x', ''],
    ['http://a:8081/contexts/.europe', 'europe'],
    ['http://a:8081/contexts/europe/', 'europe'],
    ['http://a:8081/contexts/:.europe:', 'europe'],
    ['http://a:8081/contexts/%3A.europe%3A', 'europe'],
    ['http://a:8081/prefix/contexts/.europe', 'europe'],
    ['http://a:8081/contexts/.europe/subjects', 'europe'],
    ['http://a:8081/contexts/.europe?x=y', 'europe'],
    ['http://a:8081/contexts/.europe#x', 'europe'],
    ['http://a:8081/contexts/.eu.west', 'eu.west'],
    ['http://a:8081/contexts/.eu:west', 'eu:west'],
    // No encoding: a name as it stands.
    ['http://a:8081/contexts/.100%', '100%'],
    ['/contexts/.europe', ''],
  ])('%s: "%s"', (url, context) => {
    expect(contextOfUrl(url)).toBe(context);
  });
});
