/** Adds an entry to the menu, or changes one. */
import { Drawer, Flex, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useCreateMenuItem, useUpdateMenuItem, type MenuItemGiven } from "@/api/mutations/administration";
import { roles } from "@/api/queries/access";
import type { MenuItem, MenuKind } from "@/api/queries/administration";
import { collectionTitle } from "@/api/metadata";
import { useListed } from "@/components/collections";
import { FormFooter } from "@/components/FormFooter";
import { ICON_NAMES, MenuIcon } from "@/components/MenuIcon";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useRights } from "@/components/rights";
import { useOutcome } from "@/components/useOutcome";
import { useRefusals } from "@/components/useRefusals";
import { groupsFor } from "@/features/menu/tree";

interface Props {
  /** Which is changed; none: a new one is made. */
  item: MenuItem | null;
  kind: MenuKind;
  items: MenuItem[];
  onClose: () => void;
}

export function ItemDrawer({ item, kind, items, onClose }: Props) {
  const { t } = useTranslation();
  const outcome = useOutcome();
  const { holds } = useRights();
  const create = useCreateMenuItem();
  const update = useUpdateMenuItem();
  const known = useListed().filter(({ from }) => from !== "code");
  const all = useQuery({ ...roles.list(), enabled: holds("pm.acl.roles") });
  const [form] = Form.useForm<MenuItemGiven>();
  const refused = useRefusals(form);
  const save = (given: MenuItemGiven) => {
    refused.clear();
    const body: MenuItemGiven = {
      ...given,
      title: given.title?.trim() || null,
      icon: given.icon ?? null,
      parentId: given.parentId ?? null,
      roles: given.roles && given.roles.length > 0 ? given.roles : null,
    };
    const asked = item ? update.mutateAsync({ ...body, id: item.id }) : create.mutateAsync({ ...body, kind });
    outcome<unknown>(asked, { said: () => t("common.saved"), done: onClose, refused: refused.show });
  };
  const required = [{ required: true, message: t("account.required") }];
  return (
    <Drawer
      open
      size={420}
      onClose={onClose}
      title={item ? t("menu.edit") : t(`menu.kind.${kind}`)}
      footer={
        <FormFooter
          form="menu-form"
          label={t("common.save")}
          busy={create.isPending || update.isPending}
          onClose={onClose}
        />
      }
    >
      <Form<MenuItemGiven>
        id="menu-form"
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={item ? { ...item, roles: item.roles ?? [] } : { roles: [] }}
        onFinish={save}
      >
        <RefusedSentences of={refused.others} />
        {kind === "collection" && (
          <Form.Item name="collection" label={t("menu.collection")} rules={required}>
            <Select
              showSearch={{ optionFilterProp: "label" }}
              options={known.map((collection) => ({
                value: collection.name,
                label: collectionTitle(collection),
              }))}
            />
          </Form.Item>
        )}
        <Form.Item
          name="title"
          label={t("menu.name")}
          extra={kind === "collection" ? t("menu.nameHint") : undefined}
          rules={[...(kind === "collection" ? [] : required), { max: 255 }]}
        >
          <Input autoComplete="off" />
        </Form.Item>
        {kind === "link" && (
          <Form.Item
            name="url"
            label={t("menu.url")}
            rules={[
              ...required,
              { pattern: /^(https?:\/\/[^\s/]|\/(?![/\\]))[^\s\\]*$/i, message: t("menu.urlWrong") },
            ]}
          >
            <Input autoComplete="off" spellCheck={false} placeholder="https://" />
          </Form.Item>
        )}
        <Form.Item name="icon" label={t("menu.icon")}>
          <Select
            allowClear
            options={ICON_NAMES.map((name) => ({
              value: name,
              label: (
                <Flex gap={8}>
                  <MenuIcon icon={name} kind={kind} />
                  {name}
                </Flex>
              ),
            }))}
          />
        </Form.Item>
        <Form.Item name="parentId" label={t("menu.group")}>
          <Select
            allowClear
            placeholder={t("menu.noGroup")}
            options={groupsFor(items, item?.id ?? null).map(({ id, title }) => ({ value: id, label: title }))}
          />
        </Form.Item>
        <Form.Item name="roles" label={t("menu.roles")} extra={t("menu.rolesHint")}>
          <Select
            mode="multiple"
            placeholder={t("menu.allRoles")}
            options={(all.data ?? []).map(({ name, title }) => ({ value: name, label: title ?? name }))}
          />
        </Form.Item>
      </Form>
    </Drawer>
  );
}
