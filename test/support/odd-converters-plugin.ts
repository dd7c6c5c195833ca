/** Converters that a configuration should not name, and one that may have any settings. For tests only. */
import { ConfigDef, type Converter, definePlugin, type HeaderConverter, SchemaAndValue } from 'holdfast/sdk';

class TestConverter implements Converter, HeaderConverter {
  configure(): void {}
  fromConnectData(): null {
    return null;
  }
  toConnectData(): SchemaAndValue {
    return SchemaAndValue.NULL;
  }
  fromConnectHeader(): null {
    return null;
  }
  toConnectHeader(): SchemaAndValue {
    return SchemaAndValue.NULL;
  }
}

class TestConverterWithNoConfigDef extends TestConverter {
  config(): ConfigDef {
    return null as never;
  }
}

class TestConverterWithSinglePropertyConfigDef extends TestConverter {
  config(): ConfigDef {
    return ConfigDef.of({ prop: { type: 'BOOLEAN', importance: 'low', documentation: '' } }) as never;
  }
}

class DefaultConstructorThrows extends TestConverter {
  constructor() {
    super();
    throw new Error('I always throw an exception');
  }
}

class NoDefaultConstructor extends TestConverter {
  constructor(argument: { readonly needed: string }) {
    super();
    argument.needed.trim();
  }
}

const converters = [
  { className: 'test.ConverterWithNoConfigDef', create: TestConverterWithNoConfigDef },
  { className: 'test.ConverterWithSinglePropertyConfigDef', create: TestConverterWithSinglePropertyConfigDef },
  { className: 'test.DefaultConstructorThrowsConverter', create: DefaultConstructorThrows },
  { className: 'test.NoDefaultConstructorConverter', create: NoDefaultConstructor as never },
];

export default definePlugin({ name: 'odd-converters', version: '1', converters, headerConverters: converters });
