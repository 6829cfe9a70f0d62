import { Group, Text } from '@mantine/core';

export function Logo() {
  return (
    <Group gap={8} wrap="nowrap">
      <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width={22} height={22} />
      <Text fw={600} size="lg">
        Tidings
      </Text>
    </Group>
  );
}
