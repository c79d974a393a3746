import { UploadOutlined } from "@ant-design/icons";
import { Button, Flex, Input, Upload } from "antd";
import { useTranslation } from "react-i18next";
import { Mark } from "@/components/Mark";
import { useTold } from "@/components/told";
import { dataAddress, LONGEST_PICTURE } from "@/lib/picture";

const PICTURES = "image/png,image/jpeg,image/webp,image/gif,image/svg+xml";

interface Props {
  id?: string;
  /** What the first letter is of where there is no logo. */
  name: string;
  value?: string | null;
  onChange?: (logo: string | null) => void;
}

/** The logo: a small picture that is kept with the settings, or the address of one. */
export function LogoField({ id, name, value, onChange }: Props) {
  const { t } = useTranslation();
  const told = useTold();
  const kept = value?.startsWith("data:") === true;
  const take = async (file: Blob) => {
    const address = await dataAddress(file);
    if (address.length > LONGEST_PICTURE) told.refused(t("system.logoTooLarge"));
    else onChange?.(address);
  };
  return (
    <Flex gap={16} align="flex-start">
      <Mark name={name} icon={value} size={56} />
      <Flex vertical gap={8} flex={1}>
        <Flex gap={8} wrap>
          <Upload
            accept={PICTURES}
            showUploadList={false}
            beforeUpload={(file) => {
              take(file).catch(told.failed);
              return false;
            }}
          >
            <Button icon={<UploadOutlined />}>{t("system.upload")}</Button>
          </Upload>
          {value && <Button onClick={() => onChange?.(null)}>{t("system.noLogo")}</Button>}
        </Flex>
        <Input
          {...(id ? { id } : {})}
          placeholder={t("system.logoAddress")}
          value={kept ? "" : (value ?? "")}
          onChange={(event) => onChange?.(event.target.value.trim() || null)}
          spellCheck={false}
          autoComplete="off"
        />
      </Flex>
    </Flex>
  );
}
