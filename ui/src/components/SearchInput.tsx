/** Where a word to search for is typed. */
import { SearchOutlined } from "@ant-design/icons";
import { Input, type InputProps, type InputRef } from "antd";
import type { Ref } from "react";
import { CLEARABLE } from "@/components/clearable";

interface Props extends Omit<InputProps, "onChange" | "value" | "allowClear" | "prefix"> {
  /** What is searched, in words. */
  label: string;
  value: string;
  onType: (typed: string) => void;
  ref?: Ref<InputRef>;
}

export function SearchInput({ label, onType, ...rest }: Props) {
  return (
    <Input
      type="search"
      allowClear={CLEARABLE}
      prefix={<SearchOutlined />}
      placeholder={label}
      aria-label={label}
      onChange={(event) => onType(event.target.value)}
      {...rest}
    />
  );
}
