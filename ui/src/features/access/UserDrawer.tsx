/** Makes a user, or changes one. */
import { Drawer, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useQuery } from "@tanstack/react-query";
import { useCreatePerson, useUpdatePerson, type PersonGiven } from "@/api/mutations/access";
import { roles, type Person } from "@/api/queries/access";
import { FormFooter } from "@/components/FormFooter";
import { RefusedSentences } from "@/components/RefusedSentences";
import { useOutcome } from "@/components/useOutcome";
import { useRefusals } from "@/components/useRefusals";
import { nameOf, titleOf } from "@/features/access/names";
import { PasswordInput } from "@/features/access/PasswordInput";

interface Props {
  open: boolean;
  /** Who is changed; nobody: a new one is made. */
  person: Person | null;
  onClose: () => void;
}

/** An empty box means: none. */
const said = (text: string | null | undefined): string | null => text?.trim() || null;

export function UserDrawer({ open, person, onClose }: Props) {
  const { t } = useTranslation();
  const outcome = useOutcome(open);
  const create = useCreatePerson();
  const update = useUpdatePerson();
  const known = useQuery({ ...roles.list(), enabled: open });
  const [form] = Form.useForm<PersonGiven>();
  const refused = useRefusals(form);
  const busy = create.isPending || update.isPending;

  const save = (given: PersonGiven) => {
    refused.clear();
    const { nickname, username, email, phone, roles: named, password } = given;
    const body: PersonGiven = {
      nickname: said(nickname),
      username: said(username),
      email: said(email),
      phone: said(phone),
    };
    if (person) {
      const held = person.roles?.map(({ name }) => name) ?? [];
      const same = named?.length === held.length && held.every((name) => named.includes(name));
      const changes = { ...body, ...(named && !same ? { roles: named } : {}), id: person.id };
      outcome<unknown>(update.mutateAsync(changes), {
        said: () => t("common.saved"),
        done: onClose,
        refused: refused.show,
      });
      return;
    }
    const made = create.mutateAsync({
      ...body,
      ...(named && named.length > 0 ? { roles: named } : {}),
      ...(password ? { password } : {}),
    });
    outcome(made, {
      said: (person) => t("access.userCreated", { name: nameOf(person) }),
      done: onClose,
      refused: refused.show,
    });
  };
  const named = () => {
    const { username, email } = form.getFieldsValue();
    return (said(username) ?? said(email))
      ? Promise.resolve()
      : Promise.reject(new Error(t("access.someName")));
  };
  return (
    <Drawer
      open={open}
      onClose={onClose}
      size={440}
      title={person ? t("access.editUser", { name: nameOf(person) }) : t("access.addUser")}
      afterOpenChange={(shown) => shown || refused.clear()}
      destroyOnHidden
      footer={
        <FormFooter
          form="user-form"
          label={person ? t("common.save") : t("common.create")}
          busy={busy}
          onClose={onClose}
        />
      }
    >
      <Form<PersonGiven>
        id="user-form"
        form={form}
        layout="vertical"
        requiredMark={false}
        preserve={false}
        initialValues={person ? { ...person, roles: person.roles?.map(({ name }) => name) } : {}}
        onFinish={save}
      >
        <RefusedSentences of={refused.others} />
        <Form.Item name="nickname" label={t("access.nickname")} rules={[{ max: 255 }]}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item
          name="username"
          label={t("access.username")}
          dependencies={["email"]}
          rules={[{ max: 50 }, { validator: named }]}
        >
          <Input autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        <Form.Item
          name="email"
          label={t("access.email")}
          rules={[{ type: "email", message: t("access.emailWrong") }]}
        >
          <Input type="email" autoComplete="off" />
        </Form.Item>
        <Form.Item name="phone" label={t("access.phone")} rules={[{ max: 50 }]}>
          <Input type="tel" autoComplete="off" />
        </Form.Item>
        {!person && (
          <Form.Item
            name="password"
            label={t("access.password")}
            rules={[{ required: true, message: t("access.passwordNeeded") }]}
          >
            <PasswordInput />
          </Form.Item>
        )}
        <Form.Item name="roles" label={t("access.roles")} extra={person ? undefined : t("access.rolesEmpty")}>
          <Select
            mode="multiple"
            loading={known.isPending}
            showSearch={{ optionFilterProp: "label" }}
            options={(known.data ?? [])
              .filter(({ name }) => name !== "anonymous")
              .map((role) => ({ value: role.name, label: titleOf(role) }))}
          />
        </Form.Item>
      </Form>
    </Drawer>
  );
}
